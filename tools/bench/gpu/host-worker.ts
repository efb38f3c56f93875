// A contestant: how long the host takes to encode a pre-training step with the ops of BEiT-base, and the memory it takes. On Dawn's
// null device, which takes work and does none of it, so that any machine can measure it. Prints one line of JSON.
import { createWebgpuBackend } from "@beitjs/tensor-core/webgpu";
import { create, globals } from "webgpu";
import { createStep } from "../train/simd-step.ts";
import { timeSteps } from "../train/time-steps.ts";
import type { HostRequest } from "./settings.ts";

export type HostResult = {
  /** Milliseconds until a step is encoded, of steps after the warm-up. */
  readonly encodingTimes: readonly number[];
  /** Milliseconds of the whole step on the host: reading, and encoding the update. */
  readonly times: readonly number[];
  /** The most memory of the device that was in use. */
  readonly engineBytes: number;
};

const settings = JSON.parse(process.argv[2]) as HostRequest;
const gpu = create(["backend=null"]);
// Kept: an entry that is collected takes its device along.
Object.assign(globalThis, globals, { gpu });
const backend = await createWebgpuBackend({ gpu, allowSoftware: true, precision: settings.precision });
const { hostTimes, times } = await timeSteps(createStep(settings, backend), { ...settings, seconds: 0 });
const result: HostResult = { encodingTimes: hostTimes, times, engineBytes: backend.memory().peak };
process.stdout.write(JSON.stringify(result), () => process.exit(0));
