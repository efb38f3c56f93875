import { expect, it } from "vitest";
import { leaves, tensor, valueAndGradient, type Tensor } from "@beitjs/tensor-core";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { boundaryLoss, boundaryTargets, MOST_TARGETS, type BoundaryParams } from "./span-boundary.ts";

const tokens = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19];

it("takes the tokens beside a span, and the place of each target in it", () => {
  expect(boundaryTargets([{ start: 2, end: 4 }], tokens, 100)).toEqual([
    { left: 101, right: 104, place: 0, token: 12 },
    { left: 101, right: 104, place: 1, token: 13 },
  ]);
});

it("asks nothing of spans that have no token on one side", () => {
  const spans = [
    { start: 0, end: 2 },
    { start: 8, end: 10 },
  ];
  expect(boundaryTargets(spans, tokens, 0)).toEqual([]);
});

it("asks for the first twenty of a long span", () => {
  const long = Array.from({ length: 40 }, (_, i) => i);
  expect(boundaryTargets([{ start: 1, end: 39 }], long, 0).map(({ place }) => place)).toEqual(
    Array.from({ length: MOST_TARGETS }, (_, i) => i),
  );
});

it("gives PyTorch's loss and gradients", () => {
  // torch.nn.functional in float64 on the same values, [x_l; x_r; p] W1 as one product
  const width = 6;
  const vocabSize = 7;
  const backend = createReferenceBackend();
  const values = (which: number, ...shape: number[]): Tensor => {
    const size = shape.reduce((a, b) => a * b);
    return tensor(
      Float64Array.from({ length: size }, (_, i) => 0.3 * Math.sin(which + 0.7 * i)),
      shape,
      backend,
    );
  };
  const head: BoundaryParams = {
    positions: values(3, MOST_TARGETS, 200),
    left: { weight: values(4, width, width), bias: values(7, width) },
    right: { weight: values(5, width, width) },
    place: { weight: values(6, width, 200) },
    norm: { gamma: values(8, width), beta: values(9, width) },
    transform: {
      dense: { weight: values(10, width, width), bias: values(11, width) },
      norm: { gamma: values(12, width), beta: values(13, width) },
    },
    bias: values(14, vocabSize),
  };
  const params = { rows: values(1, 12, width), characters: values(2, vocabSize, width), head };
  const targets = [
    { left: 1, right: 4, place: 0, token: 3 },
    { left: 1, right: 4, place: 1, token: 5 },
    { left: 6, right: 8, place: 0, token: 2 },
  ];
  const { value, gradients } = valueAndGradient(params, (own) => ({
    loss: boundaryLoss(own.head, own.rows, own.characters, targets),
  }));
  const sums = new Map(
    leaves<Tensor>(gradients).map(([path, leaf]) => [
      path,
      Array.from(leaf.readSync()).reduce((sum, one) => sum + Math.abs(one), 0),
    ]),
  );
  expect(value.loss.readSync()[0]).toBeCloseTo(2.1855390824916494, 6);
  expect(sums.get("rows")).toBeCloseTo(0.004468174501316899, 7);
  expect(sums.get("characters")).toBeCloseTo(2.07792385627595, 5);
  expect(sums.get("head.positions")).toBeCloseTo(0.06854783848122709, 6);
  expect(sums.get("head.left.weight")).toBeCloseTo(0.004514713865035784, 7);
  expect(sums.get("head.right.weight")).toBeCloseTo(0.004335773211133049, 7);
  expect(sums.get("head.place.weight")).toBeCloseTo(0.10052946207018496, 6);
});
