// A contestant: the training step on the simd backend, one build and number of threads. Prints one line of JSON.
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import type { SimdVariant } from "../simd-builds.ts";
import type { TrainResult, TrainSettings } from "./settings.ts";
import { createStep } from "./simd-step.ts";
import { timeSteps } from "./time-steps.ts";

const settings = JSON.parse(process.argv[2]) as TrainSettings & SimdVariant;
const { build, threads } = settings;
const backend = await createSimdBackend({ build, threads, v8Flags: build !== "base" });
const { hostTimes: _, ...timed } = await timeSteps(createStep(settings, backend), settings);
const result: TrainResult = { ...timed, engineBytes: backend.memory().peak, fallbacks: [...backend.fallbacks] };
console.log(JSON.stringify(result));
backend.dispose();
