import { casesOf } from "./cases.ts";
import { scatterTokensOp } from "./scatter-tokens.ts";

// Tokens that stand nowhere and at several places, sequences without any and without a place left, a shorter one than what it is made of.
const sizes = [
  { batch: 1, tokens: 1, places: 1, width: 1, least: -1 },
  { batch: 3, tokens: 2, places: 5, width: 7, least: -1 },
  { batch: 2, tokens: 3, places: 4, width: 8, least: 0 },
  { batch: 2, tokens: 0, places: 3, width: 6, least: -1 },
  { batch: 2, tokens: 5, places: 2, width: 5, least: -1 },
  { batch: 9, tokens: 17, places: 65, width: 193, least: -1 },
];

export const scatterTokensCases = casesOf(
  scatterTokensOp,
  sizes.map(({ batch, tokens, places, width, least }) => ({
    inputs: {
      x: { shape: [batch, tokens, width] },
      fill: { shape: [width] },
      index: { shape: [batch, places], range: [least, tokens] as const },
    },
    attributes: {},
  })),
);
