// What is compared on a GPU: products of the sizes that BEiT-base has, a pre-training step, and the tokenizer beside it.
import { beitVariants } from "@beitjs/beit-encoder";
import { dvaeVariants, type DvaeConfig } from "@beitjs/dvae-tokenizer";
import type { WebgpuPrecision } from "@beitjs/tensor-core/webgpu";
import { microStep, type TrainResult, type TrainSettings } from "../train/settings.ts";

/** x [rows, depth] times weight [columns, depth], transposed. */
export type ProductSize = readonly [rows: number, depth: number, columns: number];

export type GpuSettings = TrainSettings & {
  readonly products: readonly ProductSize[];
  /** Products that are waited for together. */
  readonly repeats: number;
  readonly tokenizer: DvaeConfig;
  /** Images the tokenizer is given at a time. */
  readonly tokenizerBatch: number;
};

export type GpuRequest = GpuSettings & { readonly precision: WebgpuPrecision; readonly allowSoftware: boolean };

export type HostRequest = TrainSettings & { readonly precision: WebgpuPrecision };

export type GpuResult = TrainResult & {
  /** Milliseconds of a product, one for each size. */
  readonly productTimes: readonly number[];
  /** Milliseconds from the start of a step until all of it is on its way to the device. */
  readonly hostTimes?: readonly number[];
  /** Milliseconds of a batch of images to visual tokens. */
  readonly tokenizerTimes?: readonly number[];
  readonly adapter?: string;
  readonly products?: string;
};

const rows = 128 * 197;

/** Pre-training of BEiT-base: 128 images of 224 x 224, 75 patches masked, visual tokens at hand. */
export const baseStep: GpuSettings = {
  ...microStep,
  model: { ...beitVariants.base, dropPath: 0.1 },
  batch: 128,
  masked: 75,
  warmup: 3,
  minimumSteps: 5,
  seconds: 10,
  products: [
    [4096, 4096, 4096],
    [8192, 8192, 8192],
    [rows, 768, 3072],
    [rows, 3072, 768],
    [128 * 75, 768, 8192],
  ],
  repeats: 20,
  tokenizer: dvaeVariants["dall-e"],
  tokenizerBatch: 128,
};

/**
 * What the host is timed with: the ops of BEiT-base, all 12 blocks, with a quarter of its width and few images, because the
 * null device has 512 MiB. Dispatches and buffers are as many.
 */
export const hostStep: TrainSettings = {
  ...baseStep,
  model: { ...baseStep.model, width: 192, heads: 3 },
  batch: 2,
  warmup: 5,
  minimumSteps: 20,
};

/** The same in little, for a driver that computes on the processor: that everything runs, not how fast. */
export const softwareStep: GpuSettings = {
  ...microStep,
  model: { ...microStep.model, imageSize: 16, width: 32, depth: 1, heads: 2, vocabSize: 64 },
  batch: 2,
  masked: 6,
  minimumSteps: 2,
  seconds: 0,
  products: [
    [64, 32, 48],
    [30, 20, 10],
  ],
  repeats: 2,
  tokenizer: {
    architecture: "strided",
    imageSize: 16,
    channels: 3,
    vocabSize: 64,
    codebookWidth: 16,
    hidden: 16,
    layers: 2,
    blocksPerStage: 0,
    middleBlocks: 1,
    reconstruction: "mse",
    pixelRange: "normalized",
  },
  tokenizerBatch: 2,
};
