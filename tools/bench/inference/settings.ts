// What is asked of a contestant that runs a whole network, and what it answers. All have the same weights and pixels.
import type { BeitConfig } from "@beitjs/beit-encoder";
import type { DallEConfig } from "@beitjs/dvae-tokenizer";

/** `tokenizer`: images to visual tokens. `encoder`: images to the tokens after the last block. */
export type NetworkName = "tokenizer" | "encoder";

/** The same model and pixels, in the form every contestant reads. */
export type InferenceFiles = {
  /** Ours: safetensors. */
  readonly weights: string;
  readonly onnx: string;
  /** Float32 [1, size, size, C] without a header. */
  readonly pixels: string;
};

export type InferenceRequest = {
  readonly network: NetworkName;
  readonly config: DallEConfig | BeitConfig;
  readonly files: InferenceFiles;
  readonly threads: number;
  /** Timed calls after the first: at least so many, then more until the seconds are over. */
  readonly minimumCalls: number;
  readonly seconds: number;
  /** Where to write what the first call gives: int32 visual tokens, or float32 features. */
  readonly output?: string;
};

/** Times in milliseconds, memory in bytes. */
export type InferenceResult = {
  /** From a started process to a model that is ready for its first call. */
  readonly loadMs: number;
  readonly firstMs: number;
  readonly times: readonly number[];
  /** Processor time of the whole process for each timed call, all threads together. */
  readonly cpuTimes: readonly number[];
  readonly peakRssBytes: number;
  /** Peak of the engine's own memory, where it can tell. */
  readonly engineBytes?: number;
  /** GF/s of one thread in the engine that ran it. */
  readonly ceiling?: number;
  readonly versions?: Readonly<Record<string, string>>;
  /** Kernels that were missing and ran as references. */
  readonly fallbacks?: readonly string[];
};

/** A call takes 0.3 to 3 seconds. */
export const timing = { minimumCalls: 3, seconds: 5 };

/** Features of two engines agree where they differ by no more. */
export const FEATURE_TOLERANCE = 1e-4;
