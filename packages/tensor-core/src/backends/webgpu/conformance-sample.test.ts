// An op of each kind on WebGPU, values and gradients, on a driver that runs on the processor: a product, a sum over rows, a
// function of single values, a choice of rows. What a broken dispatch meets first; all ops are in conformance.slow.test.ts.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { geluCases } from "../../ops/gelu.cases.ts";
import { gatherRowsCases } from "../../ops/gather-rows.cases.ts";
import { layerNormCases } from "../../ops/layer-norm.cases.ts";
import { matmulCases } from "../../ops/matmul.cases.ts";
import { compareWithReferenceAsync, titleOf } from "../../testing/index.ts";
import { createWebgpuBackend, type WebgpuBackend } from "./index.ts";

const sample = [...geluCases, ...gatherRowsCases, ...layerNormCases, ...matmulCases.slice(-1)];

describe.runIf(process.env.VK_DRIVER_FILES !== undefined)("webgpu", () => {
  let backend: WebgpuBackend;
  beforeAll(async () => {
    backend = await createWebgpuBackend({ allowSoftware: true });
  });
  afterAll(() => backend.dispose());

  it.each(sample.map((opCase) => [titleOf(opCase), opCase] as const))("%s", async (_, opCase) => {
    const { tolerance = 1e-5, gradientTolerance = tolerance } = opCase;
    const { values, gradients } = await compareWithReferenceAsync(backend, opCase);
    expect(values.error, values.where).toBeLessThan(tolerance);
    expect(gradients.error, gradients.where).toBeLessThan(gradientTolerance);
  });

  it("runs nothing by fallback and frees everything", () => {
    expect([...backend.fallbacks]).toEqual([]);
    expect(backend.memory().tensors).toBe(0);
  });
});
