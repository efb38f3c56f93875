// What conformance cannot see: accuracy in the units the kernels promise, and indices that no caller should pass.
import { afterAll, describe, expect, it } from "vitest";
import { crossEntropy, gatherRows, gelu, relativePositionBias, softmax } from "../../../ops/index.ts";
import { valueAndGradient } from "../../../tape.ts";
import { tensor, zeros } from "../../../tensor.ts";
import { createReferenceBackend } from "../../reference/index.ts";
import { createSimdBackend, type SimdBuild } from "../index.ts";

describe.each<SimdBuild>(["base", "relaxed"])("simd %s", async (build) => {
  const backend = await createSimdBackend({ build, threads: 1, v8Flags: true });
  const reference = createReferenceBackend();
  afterAll(() => backend.dispose());

  // gelu(x) = x P(x) and erf(x / sqrt 2) = 2 P(x) - 1: at |x| from 1/2 to 1 rounding of the product is below 6e-8.
  it("knows the error function to 1.5e-7", () => {
    const values = Float32Array.from({ length: 100_001 }, (_, i) => (i - 50_000) * 1e-4);
    const got = gelu(tensor(values, [values.length], backend)).readSync();
    const wanted = gelu(tensor(values, [values.length], reference)).readSync();
    let worst = 0;
    values.forEach((x, i) => {
      const rounding = (2 ** -24 * Math.abs(wanted[i])) / Math.abs(x || 1);
      if (x !== 0) worst = Math.max(worst, 2 * (Math.abs(got[i] - wanted[i]) / Math.abs(x) - rounding));
    });
    expect(worst).toBeLessThan(1.5e-7);
  });

  it("has exponentials within two units in the last place", () => {
    const count = 20_001;
    const values = Float32Array.from({ length: 2 * count }, (_, i) => (i % 2 ? 0 : -(i / 2) * 0.0043));
    const got = softmax(tensor(values, [count, 2], backend)).readSync();
    let worst = 0;
    for (let i = 0; i < count; i++) {
      const exact = Math.exp(values[2 * i]);
      // The ratio of the two entries; one unit more for the two products that made them.
      worst = Math.max(worst, Math.abs(got[2 * i] / got[2 * i + 1] / exact - 1));
    }
    expect(worst).toBeLessThan(4 * 2 ** -24 + 2 * 2 ** -24);
  });

  it("makes rows that do not exist visible and harmless", () => {
    const index = tensor([1, -1, 3, 2_000_000_000], [2, 2], backend, "int32");
    const table = tensor([1, 2, 3], [3, 1], backend);
    expect([...relativePositionBias(table, index).readSync()]).toEqual([2, Number.NaN, Number.NaN, Number.NaN]);
    const rows = tensor([2, 7], [2], backend, "int32");
    expect([...gatherRows(table, rows).readSync()]).toEqual([3, Number.NaN]);
    for (const target of [-1, 3]) {
      const targets = tensor([1, target], [2], backend, "int32");
      const { value, gradients } = valueAndGradient({ logits: zeros([2, 3], backend) }, ({ logits }) => ({
        loss: crossEntropy(logits, targets),
      }));
      expect(value.loss.readSync()[0]).toBeNaN();
      const [first, , , ...rest] = gradients.logits.readSync();
      expect(first).toBeCloseTo(1 / 6, 6);
      expect(rest).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    }
  });
});
