// A contestant: how long the host takes to encode a pre-training step with the ops of BEiT-base. On Dawn's null device,
// which takes work and does none of it, so that any machine can measure it. Prints one line of JSON.
import { createWebgpuBackend } from "@beitjs/tensor-core/webgpu";
import { create, globals } from "webgpu";
import type { TrainSettings } from "../train/settings.ts";
import { createStep } from "../train/simd-step.ts";
import { timeSteps } from "../train/time-steps.ts";

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
const { hostTimes, times } = await timeSteps(createStep(settings, backend), { ...settings, seconds: 0 });
const result: HostResult = { encodingTimes: hostTimes, times };
process.stdout.write(JSON.stringify(result), () => process.exit(0));
