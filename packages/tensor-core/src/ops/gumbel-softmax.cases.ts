import { casesOf } from "./cases.ts";
import { gumbelSoftmaxOp } from "./gumbel-softmax.ts";

const inputs = (shape: readonly number[]) => ({
  logits: { shape, range: [-3, 3] as const },
  noise: { shape, range: [-2, 5] as const },
});
const soft = (shape: readonly number[], temperature: number) => ({
  inputs: inputs(shape),
  attributes: { temperature, hard: false },
});
// A hard sample is constant but for its jumps: its gradient is, on purpose, not its derivative. See gumbel-softmax.test.ts.
const hard = (shape: readonly number[], temperature: number) => ({
  inputs: inputs(shape),
  attributes: { temperature, hard: true },
  skipFiniteDifference: true,
});

export const gumbelSoftmaxCases = casesOf(gumbelSoftmaxOp, [
  soft([3, 1], 1),
  soft([3, 5], 0.7),
  soft([2, 3, 4, 16], 2),
  // exp((logits + noise) / temperature) leaves float32 unless the largest score is subtracted.
  { ...soft([3, 2, 67], 1 / 16), gradientTolerance: 1e-4 },
  soft([3, 8192], 1),
  soft([3, 7, 11, 129], 0.5),
  hard([3, 1], 1),
  hard([3, 5], 0.7),
  hard([2, 7, 11, 129], 1),
]);
