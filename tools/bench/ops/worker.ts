// A contestant: the training step of the micro model on one thread of a build, with a stopwatch around every kernel.
// Prints one line of JSON.
import type { Kernel } from "@beitjs/tensor-core";
import { createSimdBackend, type SimdBuild } from "@beitjs/tensor-core/simd";
import { microStep } from "../train/settings.ts";
import { createStep } from "../train/simd-step.ts";
import type { OpsRequest, OpsResult } from "./suite.ts";

const { build, seconds } = JSON.parse(process.argv[2]) as OpsRequest & { readonly build: SimdBuild };
const spent = new Map<string, { milliseconds: number; calls: number }>();
const plain = await createSimdBackend({ build, threads: 1, v8Flags: build === "relaxed" });
const kernels = new Map([...plain.kernels].map(([name, kernel]) => [name, timed(name, kernel)]));
const step = createStep(microStep, { ...plain, kernels });
await step();
spent.clear();
let steps = 0;
const start = performance.now();
while (steps < 2 || performance.now() - start < seconds * 1000) {
  await step();
  steps++;
}
const total = (performance.now() - start) / steps;
const perStep = [...spent].map(([name, { milliseconds, calls }]) => ({
  name,
  milliseconds: milliseconds / steps,
  calls: calls / steps,
}));
const result: OpsResult = { total, kernels: perStep, fallbacks: [...plain.fallbacks] };
console.log(JSON.stringify(result));

function timed(name: string, kernel: Kernel): Kernel {
  return (inputs, outputs, attributes) => {
    const from = performance.now();
    kernel(inputs, outputs, attributes);
    const entry = spent.get(name) ?? { milliseconds: 0, calls: 0 };
    spent.set(name, { milliseconds: entry.milliseconds + performance.now() - from, calls: entry.calls + 1 });
  };
}
