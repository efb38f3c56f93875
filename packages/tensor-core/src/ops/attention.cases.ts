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

// Scores near 1e4 and 1e6 that float32 has exactly in any order of summation, so that only what is taken off them is rounded:
// queries are whole numbers, keys multiples of a power of two, heads 4 or 16 wide, whose scale is one.
type Large = {
  readonly tokens: number;
  readonly headWidth: number;
  readonly query: number;
  readonly key: number;
  readonly step: number;
  readonly bias?: number;
};
const large: readonly Large[] = [
  { tokens: 7, headWidth: 4, query: 70, key: 70, step: 1 / 32 },
  { tokens: 9, headWidth: 16, query: 50, key: 50, step: 1 / 128, bias: 0 },
  { tokens: 37, headWidth: 4, query: -70, key: 70, step: 1 / 32, bias: 100 },
  { tokens: 6, headWidth: 4, query: 2, key: 0, step: 1 / 4, bias: 1e6 },
  { tokens: 18, headWidth: 16, query: 2, key: 0, step: 1 / 4, bias: -1e6 },
];

function largeScores({ tokens, headWidth, query, key, step, bias }: Large) {
  const heads = 2;
  const token = (n: number): number[] => {
    const of = (value: (i: number) => number): number[] =>
      Array.from({ length: heads * headWidth }, (_, i) => value(i));
    const queries = of((i) => query + ((n * 7 + i * 3) % 3) - 1);
    const keys = of((i) => key + (((n * 11 + i * 5) % 7) - 3) * step);
    return [...queries, ...keys, ...of((i) => (((n + 1) * (i + 3)) % 17) / 17 - 0.5)];
  };
  const qkv = {
    shape: [2, tokens, 6 * headWidth],
    values: Array.from({ length: 2 * tokens }, (_, n) => token(n)).flat(),
  };
  const values = Array.from({ length: heads * tokens * tokens }, (_, i) => (bias ?? 0) + ((i * 13) % 31) / 16);
  return {
    inputs: { qkv, ...(bias !== undefined && { bias: { shape: [heads, tokens, tokens], values } }) },
    attributes: { heads },
    // Gradients of queries and keys are sums of keys and queries near 70, with factors that cancel.
    gradientTolerance: 1e-4,
    // The numeric step grows with the value.
    skipFiniteDifference: true,
  };
}

const casesFor = (op: unknown, chosen: readonly Size[]) =>
  casesOf(op, [
    ...large.map(largeScores),
    ...chosen.map(({ batch, tokens, headWidth, heads, bias, range }) => ({
      inputs: {
        qkv: { shape: [batch, tokens, 3 * heads * headWidth], ...(range && { range }) },
        ...(bias && { bias: { shape: [heads, tokens, tokens] } }),
      },
      attributes: { heads },
      // Scores are products of numbers up to 7: their float32 rounding errors go through the exponential.
      ...(range && { tolerance: 1e-4, gradientTolerance: 1e-3 }),
    })),
  ]);

export const attentionCases = casesFor(attentionOp, sizes);
export const attentionProbabilitiesCases = casesFor(attentionProbabilitiesOp, sizes);
