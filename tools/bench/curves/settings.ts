// Two trainings that should be the same: the same network, first weights, images, masks and targets, step for step.
import type { WebgpuPrecision } from "@beitjs/tensor-core/webgpu";
import { microStep, type TrainSettings } from "../train/settings.ts";

export type CurveSettings = Pick<TrainSettings, "model" | "batch" | "masked" | "learningRate" | "adamW"> & {
  readonly steps: number;
};

/** The micro model, whose targets are the patches' colors in 8 x 8 x 8 steps: what a neighbor tells something about. */
export const curveSettings: CurveSettings = {
  ...microStep,
  model: { ...microStep.model, dropPath: 0, vocabSize: 512 },
  steps: 300,
};

/** First weights; the second are there to see how far two trainings of PyTorch are apart. */
export const curveSeeds = [1, 2] as const;

/** Little-endian, without a header. */
export type CurveFiles = {
  /** Safetensors, one for each of `curveSeeds`. */
  readonly weights: readonly string[];
  /** Float32 [steps, B, size, size, C] */
  readonly pixels: string;
  /** u8 [steps, B, patches] */
  readonly masks: string;
  /** Int32 [steps, B * masked] */
  readonly targets: string;
};

export function curveFiles(folder: string): CurveFiles {
  return {
    weights: curveSeeds.map((seed) => `${folder}/weights-${seed}.safetensors`),
    pixels: `${folder}/pixels.f32`,
    masks: `${folder}/masks.u8`,
    targets: `${folder}/targets.i32`,
  };
}

export type CurveRequest = CurveSettings & {
  readonly files: CurveFiles;
  /** Lets webgpu compute on the processor. */
  readonly allowSoftware?: boolean;
  readonly seed: (typeof curveSeeds)[number];
  readonly engine:
    | { readonly name: "simd"; readonly threads: number }
    | { readonly name: "webgpu"; readonly precision: WebgpuPrecision };
};

export type CurveResult = { readonly losses: readonly number[]; readonly versions?: Readonly<Record<string, string>> };
