// Convolutions of every geometry: strides longer than filters, padding longer than images, gaps, borders.
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { OpCase } from "../../../ops/cases.ts";
import { conv2dOp } from "../../../ops/conv2d.ts";
import { convTranspose2dOp } from "../../../ops/conv-transpose2d.ts";
import type { AnyOp } from "../../../ops/define-op.ts";
import { largestDifference, runCase } from "../../../testing/index.ts";
import { createReferenceBackend } from "../../reference/index.ts";
import { createSimdBackend, type SimdBackend } from "../index.ts";

const reference = createReferenceBackend();
let simd: SimdBackend;
beforeAll(async () => {
  simd = await createSimdBackend({ build: "base", threads: 2 });
});
afterAll(() => simd.dispose());

const between = (min: number, max: number) => fc.integer({ min, max });
const geometries = fc.record({
  x: fc.tuple(between(1, 2), between(1, 11), between(1, 11), between(1, 9)),
  outputs: between(1, 10),
  kernel: fc.tuple(between(1, 5), between(1, 5)),
  stride: between(1, 4),
  padding: between(0, 4),
});

function expectAgreement(opCase: OpCase): void {
  const wanted = runCase(reference, opCase);
  const { error, where } = largestDifference(runCase(simd, opCase), wanted, Object.keys(wanted));
  expect(error, where).toBeLessThan(1e-5);
}

it("conv2d and its gradients agree with the reference", () => {
  fc.assert(
    fc.property(geometries, ({ x, outputs, kernel, stride, padding }) => {
      fc.pre(kernel[0] <= x[1] + 2 * padding && kernel[1] <= x[2] + 2 * padding);
      const inputs = { x: { shape: x }, filter: { shape: [outputs, ...kernel, x[3]] }, bias: { shape: [outputs] } };
      expectAgreement({ op: conv2dOp as unknown as AnyOp, inputs, attributes: { stride, padding } });
    }),
    { numRuns: 150, seed: 11 },
  );
});

it("convTranspose2d and its gradients agree with the reference", () => {
  fc.assert(
    fc.property(geometries, ({ x, outputs, kernel, stride, padding }) => {
      const grown = [0, 1].map((axis) => (x[axis + 1] - 1) * stride - 2 * padding + kernel[axis]);
      fc.pre(grown[0] > 0 && grown[1] > 0);
      const inputs = { x: { shape: x }, filter: { shape: [x[3], ...kernel, outputs] }, bias: { shape: [outputs] } };
      expectAgreement({ op: convTranspose2dOp as unknown as AnyOp, inputs, attributes: { stride, padding } });
    }),
    { numRuns: 150, seed: 12 },
  );
});
