import { attentionOp, attentionProbabilitiesOp } from "./attention.ts";
import { casesOf } from "./cases.ts";

type Size = {
  readonly batch: number;
  readonly tokens: number;
  readonly headWidth: number;
  readonly heads: number;
  readonly bias: boolean;
  readonly range?: readonly [number, number];
};

// Head widths and token numbers with every remainder of 4 and 8; one token; more samples than chunks of the bias gradient.
const sizes: readonly Size[] = [
  { batch: 1, tokens: 1, headWidth: 4, heads: 1, bias: true },
  { batch: 1, tokens: 4, headWidth: 8, heads: 1, bias: false },
  { batch: 3, tokens: 5, headWidth: 6, heads: 3, bias: true },
  { batch: 2, tokens: 9, headWidth: 3, heads: 3, bias: true },
  { batch: 2, tokens: 7, headWidth: 1, heads: 1, bias: false },
  { batch: 1, tokens: 17, headWidth: 13, heads: 1, bias: true },
  { batch: 5, tokens: 2, headWidth: 4, heads: 3, bias: true },
  // Scores near 100: exp without subtracting the largest would overflow.
  { batch: 1, tokens: 6, headWidth: 16, heads: 1, bias: false, range: [-7, 7] },
  { batch: 9, tokens: 11, headWidth: 5, heads: 3, bias: true },
  { batch: 4, tokens: 50, headWidth: 32, heads: 3, bias: true },
  { batch: 2, tokens: 65, headWidth: 64, heads: 3, bias: true },
  { batch: 1, tokens: 200, headWidth: 24, heads: 2, bias: false },
];

const casesFor = (op: unknown, chosen: readonly Size[]) =>
  casesOf(
    op,
    chosen.map(({ batch, tokens, headWidth, heads, bias, range }) => ({
      inputs: {
        qkv: { shape: [batch, tokens, 3 * heads * headWidth], ...(range && { range }) },
        ...(bias && { bias: { shape: [heads, tokens, tokens] } }),
      },
      attributes: { heads },
      // Scores are products of numbers up to 7: their float32 rounding errors go through the exponential.
      ...(range && { tolerance: 1e-4, gradientTolerance: 1e-3 }),
    })),
  );

export const attentionCases = casesFor(attentionOp, sizes);
export const attentionProbabilitiesCases = casesFor(attentionProbabilitiesOp, sizes);
