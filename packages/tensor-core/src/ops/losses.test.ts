// Losses and divergences at values computed by hand or with the formula in double precision.
import { describe, expect, it } from "vitest";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { valueAndGradient } from "../tape.ts";
import { tensor, type Shape, type Tensor } from "../tensor.ts";
import { binaryCrossEntropy } from "./binary-cross-entropy.ts";
import { klToNormal } from "./kl-to-normal.ts";
import { klToUniform } from "./kl-to-uniform.ts";
import { logitLaplace } from "./logit-laplace.ts";
import { meanSquaredError } from "./mean-squared-error.ts";
import { smoothL1 } from "./smooth-l1.ts";
import { softTargetCrossEntropy } from "./soft-target-cross-entropy.ts";

const backend = createReferenceBackend();
const from = (values: readonly number[], shape: Shape = [values.length]): Tensor => tensor(values, shape, backend);
const value = (loss: Tensor): number => loss.readSync()[0];

describe("logitLaplace", () => {
  it.each([
    [0.5, 0, 0, -0.693147],
    [0.1, -2, 0, -1.517574],
    [0.9, 2, -1, -2.178686],
    [0.3, 0.5, 0.5, 0.449677],
  ])("of x %d, mu %d, ln b %d is %d", (x, mu, logScale, expected) => {
    expect(value(logitLaplace(from([mu, logScale]), from([x])))).toBeCloseTo(expected, 6);
  });

  it("reads mu of all channels before ln b of all channels", () => {
    const parameters = from([-2, 2, 0, -1, 0, 0.5, 0, 0.5], [2, 4]);
    const expected = (-1.517574 - 2.178686 - 0.693147 + 0.449677) / 4;
    expect(value(logitLaplace(parameters, from([0.1, 0.9, 0.5, 0.3], [2, 2])))).toBeCloseTo(expected, 6);
  });
});

describe("klToNormal", () => {
  it.each([
    [0, 0, 0],
    [1, 0, 0.5],
    [0, Math.log(4), 0.806853],
  ])("of mean %d and log-variance %d is %d", (mean, logVariance, expected) => {
    expect(value(klToNormal(from([mean]), from([logVariance])))).toBeCloseTo(expected, 6);
  });

  it("sums over all but the batch", () => {
    const [mean, logVariance] = [from([1, 1, 1, 1, 1, 1], [2, 3]), from([0, 0, 0, 0, 0, 0], [2, 3])];
    expect(value(klToNormal(mean, logVariance))).toBeCloseTo(1.5, 12);
  });
});

describe("klToUniform", () => {
  it("is 0 for equal logits and ln V for certainty, whatever the size of the logits", () => {
    expect(value(klToUniform(from([7, 7, 7, 7])))).toBeCloseTo(0, 12);
    expect(value(klToUniform(from([1000, 0, 0, 0])))).toBeCloseTo(Math.log(4), 12);
    expect(value(klToUniform(from([1000, 0, 3, 3], [2, 2])))).toBeCloseTo(Math.log(2) / 2, 12);
    expect(value(klToUniform(from([0, ...new Array<number>(8191).fill(-1000)])))).toBeCloseTo(9.010913, 6);
  });

  it("is ln V minus the entropy", () => {
    const [p, q] = [0.75, 0.25];
    const entropy = -p * Math.log(p) - q * Math.log(q);
    expect(value(klToUniform(from([Math.log(3), 0])))).toBeCloseTo(Math.log(2) - entropy, 12);
  });
});

describe("pixel losses", () => {
  it("average over all elements", () => {
    const [x, target] = [from([0, 1, 2, 3], [2, 2]), from([0.5, 1, 4, 1], [2, 2])];
    expect(value(meanSquaredError(x, target))).toBeCloseTo((0.25 + 4 + 4) / 4, 12);
    expect(value(smoothL1(x, target))).toBeCloseTo((0.125 + 1.5 + 1.5) / 4, 12);
  });
});

// Numbers of PyTorch 2.15 in float64; ours go through tensors of float32.
describe("losses of classes", () => {
  const logits = [2, -1, 0.5, -3, 0.25, 1.5];
  const gradientOf = (loss: (x: Tensor) => Tensor) => {
    const { value: at, gradients } = valueAndGradient({ x: from(logits, [2, 3]) }, ({ x }) => ({ loss: loss(x) }));
    return { loss: value(at.loss), gradient: Array.from(gradients.x.readSync()) };
  };
  const close = (got: readonly number[], expected: readonly number[]) =>
    got.forEach((one, i) => expect(one).toBeCloseTo(expected[i], 6));

  it("binaryCrossEntropy is binary_cross_entropy_with_logits, weights those of pos_weight", () => {
    const targets = from([1, 0, 1, 0, 1, 0], [2, 3]);
    expect(value(binaryCrossEntropy(from(logits, [2, 3]), targets))).toBeCloseTo(0.5400344553627733, 6);
    const weights = from([1, 1, 0.5, 1, 4, 1], [2, 3]);
    const { loss, gradient } = gradientOf((x) => binaryCrossEntropy(x, targets, { weights }));
    expect(loss).toBeCloseTo(0.7884977499538528, 6);
    close(gradient, [-0.01986715367, 0.04482357023, -0.0314617224, 0.0079043122, -0.29188233274, 0.13626241269]);
  });

  it("softTargetCrossEntropy is cross_entropy with weights of classes and smoothing, given as targets", () => {
    const weights = [0.5, 2, 1.25];
    const sum = 1.25 + 0.5;
    const row = (label: number) => weights.map((w, k) => (2 / sum) * (0.9 * (k === label ? w : 0) + (0.1 / 3) * w));
    const targets = from([...row(2), ...row(0)], [2, 3]);
    const { loss, gradient } = gradientOf((x) => softTargetCrossEntropy(x, targets));
    expect(loss).toBeCloseTo(2.619871713628878, 6);
    close(gradient, [0.55161692947, -0.01015768576, -0.54145924371, -0.26385373505, 0.0344512244, 0.22940251065]);
  });
});
