// The webgpu backend, and tfjs's webgl, in a browser: in a worker of a page, in headless Chromium, on a driver that runs on the
// processor.
import { describe, expect, it } from "vitest";
import { allCases, unfusedCases } from "../../packages/tensor-core/src/ops/all-cases.ts";
import { hasSoftwareGpu } from "../software-gpu/driver.ts";
import { runInChromium } from "./run-in-chromium.ts";
import type { BackendOutcome } from "./try-backend.ts";
import type { WebglOutcome } from "./webgl-worker.ts";
import type { WebgpuOutcome } from "./webgpu-worker.ts";

const milliseconds = 110_000;

describe.runIf(hasSoftwareGpu)("in a worker of a page", () => {
  it("webgpu computes every op rightly and pre-trains as simd does", async () => {
    const { result, isolated } = await runInChromium(new URL("webgpu-worker.ts", import.meta.url), { milliseconds });
    const outcome = result as WebgpuOutcome;
    expect(outcome.adapter).toMatch(/swiftshader/i);
    expect(isolated).toBe(true);
    expect(outcome.simdThreads).toBeGreaterThan(1);
    expectRight(outcome, allCases);
  });

  it("tfjs on webgl computes every op rightly and pre-trains as simd does", async () => {
    const { result } = await runInChromium(new URL("webgl-worker.ts", import.meta.url), { milliseconds });
    const outcome = result as WebglOutcome;
    expect(outcome.device).toBe("webgl");
    expectRight(outcome, unfusedCases);
  });
});

function expectRight({ ops, fallbacks, losses }: BackendOutcome, cases: typeof allCases): void {
  expect(fallbacks).toEqual([]);
  expect(ops).toHaveLength(new Set(cases.map(({ op }) => op.name)).size);
  expect(ops.filter(({ error, tolerance }) => !(error < tolerance))).toEqual([]);
  expect(losses.backend).toHaveLength(losses.simd.length);
  expect(losses.simd.length).toBeGreaterThan(2);
  for (const [i, loss] of losses.backend.entries()) {
    expect(Math.abs(loss - losses.simd[i]) / losses.simd[i], `step ${i}`).toBeLessThan(2e-4);
  }
}
