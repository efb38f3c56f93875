// The simd backend in a browser: with threads where the page is cross-origin isolated, with one where it is not.
import { describe, expect, it } from "vitest";
import { hasSoftwareGpu } from "../software-gpu/driver.ts";
import { runInChromium } from "./run-in-chromium.ts";
import type { SimdOutcome } from "./simd-worker.ts";

const worker = new URL("simd-worker.ts", import.meta.url);

describe.runIf(hasSoftwareGpu)("simd in a worker of a page", () => {
  it.each([true, false])("gives the reference's tokens, cross-origin isolated: %j", async (isolated) => {
    const outcome = await runInChromium(worker, { milliseconds: 60_000, isolated });
    const { threads, reasons, tokens } = outcome.result as SimdOutcome;
    expect(outcome.isolated).toBe(isolated);
    expect(tokens.simd).toEqual(tokens.reference);
    expect(new Set(tokens.simd).size).toBeGreaterThan(1);
    if (isolated) expect(threads).toBeGreaterThan(1);
    else {
      expect(threads).toBe(1);
      expect(reasons.threads).toMatch(/Cross-Origin-Opener-Policy/);
    }
  });
});
