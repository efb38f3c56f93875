// A contestant: the training step on the simd backend, one build and number of threads. Prints one line of JSON.
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import type { SimdVariant } from "../simd-builds.ts";
import type { TrainResult, TrainSettings } from "./settings.ts";
import { createStep } from "./simd-step.ts";

const settings = JSON.parse(process.argv[2]) as TrainSettings & SimdVariant;
const { build, threads, warmup, minimumSteps, seconds } = settings;
const backend = await createSimdBackend({ build, threads, v8Flags: build === "relaxed" });
const step = createStep(settings, backend);
const losses: number[] = [];
const times: number[] = [];
const cpuTimes: number[] = [];
for (let i = 0; i < warmup; i++) losses.push(await step());
const start = performance.now();
while (times.length < minimumSteps || performance.now() - start < seconds * 1000) {
  const [from, used] = [performance.now(), process.cpuUsage()];
  losses.push(await step());
  times.push(performance.now() - from);
  const { user, system } = process.cpuUsage(used);
  cpuTimes.push((user + system) / 1000);
}
const result: TrainResult = {
  times,
  cpuTimes,
  losses,
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
  engineBytes: backend.memory().peak,
  fallbacks: [...backend.fallbacks],
};
console.log(JSON.stringify(result));
backend.dispose();
