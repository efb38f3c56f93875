// The webgpu backend in a browser: in a worker of a page, in headless Chromium, on a driver that runs on the processor.
import { describe, expect, it } from "vitest";
import { allCases } from "../../packages/tensor-core/src/ops/all-cases.ts";
import { hasSoftwareGpu } from "../software-gpu/driver.ts";
import { runInChromium } from "./run-in-chromium.ts";
import type { WebgpuOutcome } from "./webgpu-worker.ts";

describe.runIf(hasSoftwareGpu)("webgpu in a worker of a page", () => {
  it("computes every op rightly and pre-trains as simd does", async () => {
    const { result, isolated } = await runInChromium(new URL("webgpu-worker.ts", import.meta.url), {
      milliseconds: 110_000,
    });
    const { adapter, simdThreads, ops, fallbacks, losses } = result as WebgpuOutcome;
    expect(adapter).toMatch(/swiftshader/i);
    expect(isolated).toBe(true);
    expect(simdThreads).toBeGreaterThan(1);
    expect(fallbacks).toEqual([]);
    expect(ops).toHaveLength(new Set(allCases.map(({ op }) => op.name)).size);
    expect(ops.filter(({ error, tolerance }) => !(error < tolerance))).toEqual([]);
    expect(losses.webgpu).toHaveLength(losses.simd.length);
    expect(losses.simd.length).toBeGreaterThan(2);
    for (const [i, loss] of losses.webgpu.entries()) {
      expect(Math.abs(loss - losses.simd[i]) / losses.simd[i], `step ${i}`).toBeLessThan(2e-4);
    }
  });
});
