// The training step that is compared: the micro model. Every contestant gets these settings as JSON and trains its own
// model of them, on random pixels and targets, all through the same batch.
import type { BeitConfig } from "@beitjs/beit-encoder";

export type TrainSettings = {
  readonly model: BeitConfig;
  readonly batch: number;
  /** Masked patches of every picture. */
  readonly masked: number;
  readonly seed: number;
  readonly learningRate: number;
  readonly adamW: {
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    readonly weightDecay: number;
    readonly clipNorm: number;
  };
  /** Steps that are not timed. */
  readonly warmup: number;
  /** Timed steps: at least so many, then more until the seconds are over. */
  readonly minimumSteps: number;
  readonly seconds: number;
};

export const microStep: TrainSettings = {
  model: {
    imageSize: 32,
    channels: 3,
    patchSize: 4,
    width: 192,
    depth: 4,
    heads: 3,
    mlpRatio: 4,
    absolutePositions: false,
    relativePositions: "shared",
    layerScale: 0.1,
    dropPath: 0.1,
    epsilon: 1e-6,
    vocabSize: 8192,
    classes: 0,
    pooling: "mean",
  },
  batch: 16,
  masked: 26,
  seed: 1,
  learningRate: 1e-3,
  adamW: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05, clipNorm: 3 },
  warmup: 1,
  minimumSteps: 2,
  seconds: 5,
};

/** What a contestant's process prints. Times in milliseconds, of the timed steps; losses of all steps. */
export type TrainResult = {
  readonly times: readonly number[];
  /** Processor time of the whole process for each timed step, all threads together. */
  readonly cpuTimes: readonly number[];
  readonly losses: readonly number[];
  readonly peakRssBytes: number;
  /** Peak of the engine's own memory, where it can tell. */
  readonly engineBytes?: number;
  readonly versions?: Readonly<Record<string, string>>;
  /** Kernels that were missing and ran as references. */
  readonly fallbacks?: readonly string[];
};
