import { expect, it } from "vitest";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { valueAndGradient } from "../tape.ts";
import { tensor, zeros } from "../tensor.ts";
import { crossEntropy } from "./cross-entropy.ts";

const backend = createReferenceBackend();

it("of equal logits is ln V, with and without smoothing", () => {
  const targets = tensor([3, 0], [2], backend, "int32");
  for (const labelSmoothing of [0, 0.1]) {
    expect(crossEntropy(zeros([2, 7], backend), targets, { labelSmoothing }).readSync()[0]).toBeCloseTo(
      Math.log(7),
      12,
    );
  }
});

it("mixes the loss of the target and the mean loss of all entries when smoothed", () => {
  const logits = tensor([2, -1, 0.5], [1, 3], backend);
  const losses = [0, 1, 2].map((v) => crossEntropy(logits, tensor([v], [1], backend, "int32")).readSync()[0]);
  const smoothed = crossEntropy(logits, tensor([1], [1], backend, "int32"), { labelSmoothing: 0.2 }).readSync()[0];
  expect(smoothed).toBeCloseTo(0.8 * losses[1] + (0.2 * (losses[0] + losses[1] + losses[2])) / 3, 12);
});

it("does not change when all logits of a row grow by the same number", () => {
  const targets = tensor([2], [1], backend, "int32");
  const loss = (offset: number): number =>
    crossEntropy(
      tensor(
        [1, 2, 3].map((value) => value + offset),
        [1, 3],
        backend,
      ),
      targets,
    ).readSync()[0];
  expect(loss(1000)).toBeCloseTo(loss(0), 10);
  expect(loss(-1000)).toBeCloseTo(loss(0), 10);
});

it("is NaN, loss and gradient, where a target is no entry", () => {
  for (const target of [-1, 3]) {
    const targets = tensor([1, target], [2], backend, "int32");
    const { value, gradients } = valueAndGradient({ logits: zeros([2, 3], backend) }, ({ logits }) => ({
      loss: crossEntropy(logits, targets),
    }));
    expect(value.loss.readSync()[0]).toBeNaN();
    const [a, , , d, e, f] = gradients.logits.readSync();
    expect(a).toBeCloseTo(1 / 6, 12);
    expect([d, e, f]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  }
});

it("has the gradient of finite differences at an offset of 1e6, with and without smoothing", () => {
  const targets = tensor([2, 0], [2], backend, "int32");
  const values = [1, 2, 3, 0.5, -1, 0, 0.25, 4].map((value) => 1e6 + value);
  for (const labelSmoothing of [0, 0.1]) {
    const lossAt = (logits: readonly number[]): number =>
      crossEntropy(tensor(logits, [2, 4], backend), targets, { labelSmoothing }).readSync()[0];
    const { gradients } = valueAndGradient({ logits: tensor(values, [2, 4], backend) }, ({ logits }) => ({
      loss: crossEntropy(logits, targets, { labelSmoothing }),
    }));
    const step = 1e-3;
    gradients.logits.readSync().forEach((slope, i) => {
      const shifted = (by: number): number[] => values.map((value, j) => (j === i ? value + by : value));
      expect((lossAt(shifted(step)) - lossAt(shifted(-step))) / (2 * step)).toBeCloseTo(slope, 6);
    });
  }
});
