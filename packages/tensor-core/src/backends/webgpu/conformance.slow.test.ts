// Every op and case on WebGPU, on a driver that runs on the processor: values and gradients against the reference, nothing by
// fallback, nothing left behind.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allCases } from "../../ops/all-cases.ts";
import { compareWithReferenceAsync, missingKernels, titleOf } from "../../testing/index.ts";
import { createWebgpuBackend, type WebgpuBackend } from "./index.ts";

describe.runIf(process.env.VK_DRIVER_FILES !== undefined)("webgpu", () => {
  let backend: WebgpuBackend;
  beforeAll(async () => {
    backend = await createWebgpuBackend({ allowSoftware: true });
  });
  afterAll(() => backend.dispose());

  it.each(allCases.map((opCase) => [titleOf(opCase), opCase] as const))("%s", async (_, opCase) => {
    const { op, tolerance = 1e-5, gradientTolerance = tolerance } = opCase;
    expect(missingKernels(backend, op), "kernels missing").toEqual([]);
    const { values, gradients } = await compareWithReferenceAsync(backend, opCase);
    expect(values.error, values.where).toBeLessThan(tolerance);
    expect(gradients.error, gradients.where).toBeLessThan(gradientTolerance);
  });

  it("runs nothing by fallback and frees everything", () => {
    expect([...backend.fallbacks]).toEqual([]);
    expect(backend.memory().tensors).toBe(0);
  });
});
