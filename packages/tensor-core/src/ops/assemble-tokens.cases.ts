import { assembleTokensOp } from "./assemble-tokens.ts";
import { casesOf } from "./cases.ts";

type Size = {
  readonly batch: number;
  readonly count: number;
  readonly width: number;
  /** Range of the mask's integers: [0, 2) some, [1, 2) all, [0, 1) none. */
  readonly mask?: readonly [number, number];
  readonly position: boolean;
};

const sizes: readonly Size[] = [
  { batch: 1, count: 1, width: 1, position: false },
  { batch: 3, count: 5, width: 7, mask: [0, 2], position: true },
  { batch: 2, count: 4, width: 8, mask: [1, 2], position: false },
  { batch: 2, count: 3, width: 6, mask: [0, 1], position: true },
  { batch: 1, count: 6, width: 5, position: true },
  { batch: 9, count: 64, width: 193, mask: [0, 2], position: true },
];

export const assembleTokensCases = casesOf(
  assembleTokensOp,
  sizes.map(({ batch, count, width, mask, position }) => ({
    inputs: {
      patches: { shape: [batch, count, width] },
      classToken: { shape: [width] },
      ...(mask && { maskToken: { shape: [width] }, mask: { shape: [batch, count], range: mask } }),
      ...(position && { position: { shape: [count + 1, width] } }),
    },
    attributes: {},
  })),
);
