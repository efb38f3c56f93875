// A contestant: how long the host takes to encode a pre-training step with the ops of BEiT-base. On Dawn's null device, which takes work and does
// none of it, so that any machine can measure it. Prints one line of JSON.
import { createWebgpuBackend } from "@beitjs/tensor-core/webgpu";
import { create, globals } from "webgpu";
import type { TrainSettings } from "../train/settings.ts";
import { createStep } from "../train/simd-step.ts";

export type HostResult = {
  /** Milliseconds until a step is encoded, of steps after the warm-up. */
  readonly encodingTimes: readonly number[];
  /** Milliseconds of the whole step on the host: reading, and encoding the update. */
  readonly times: readonly number[];
};

const settings = JSON.parse(process.argv[2]) as TrainSettings;
const gpu = create(["backend=null"]);
// Kept: an entry that is collected takes its device along.
Object.assign(globalThis, globals, { gpu });
const backend = await createWebgpuBackend({ gpu, allowSoftware: true });
const step = createStep(settings, backend);
const encodingTimes: number[] = [];
const times: number[] = [];
for (let i = 0; i < settings.warmup + settings.minimumSteps; i++) {
  const from = performance.now();
  const loss = step();
  const encoded = performance.now();
  await loss;
  if (i < settings.warmup) continue;
  encodingTimes.push(encoded - from);
  times.push(performance.now() - from);
}
process.stdout.write(JSON.stringify({ encodingTimes, times } satisfies HostResult), () => process.exit(0));
