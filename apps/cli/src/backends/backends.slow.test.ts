// Training by the command on WebGPU, on a driver that runs on the processor: what is trained there is used on simd, and as simd does.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { largestGap, prepareRuns, type BackendRuns } from "../testing/backend-runs.ts";

let runs: BackendRuns;
beforeAll(async () => {
  runs = await prepareRuns();
});
afterAll(() => runs.remove());

const simd = ["--backend", "simd", "--threads", "1"];
const webgpu = ["--backend", "webgpu", "--software-gpu"];

describe.runIf(process.env.VK_DRIVER_FILES !== undefined)("webgpu", () => {
  it("trains what simd uses, and as simd does", async () => {
    await runs.trainTokenizer("by-gpu", webgpu);
    expect(await runs.tokensOf("by-gpu", simd)).toEqual(await runs.tokensOf("by-gpu", webgpu));
    const [losses, expected] = [
      await runs.lossesOf("bert-gpu", "by-gpu", webgpu),
      await runs.lossesOf("bert-cpu", "by-gpu", simd),
    ];
    expect(largestGap(losses, expected)).toBeLessThan(1e-3);
  });
});
