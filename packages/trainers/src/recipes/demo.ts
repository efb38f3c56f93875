// The recipes of `beit demo`: the whole loop on 28 x 28 gray images in a few minutes on two cores.
//   beit demo
import type { BeitConfig } from "@beitjs/beit-encoder";
import type { DvaeConfig } from "@beitjs/dvae-tokenizer";
import type { EvalViewOptions, TrainViewOptions, TwoViewOptions } from "../data/index.ts";
import type { FineTuneRecipe, GaussianRecipe, PretrainRecipe, TokenizerRecipe } from "./recipe.ts";

const adamW = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05, clipNorm: 3 } as const;
const normalization = { mean: [0.5], std: [0.5] };

/** The whole image, mirrored half the time: crops cost more than they teach on centered 28 x 28 pictures. */
const views: TwoViewOptions = {
  channels: 1,
  pixelSize: 28,
  tokenSize: 16,
  colorJitter: { brightness: 0, contrast: 0, saturation: 0 },
  flip: 0.5,
  scale: [1, 1],
  ratio: [1, 1],
  mean: [0.5],
  std: [0.5],
  tokenRange: "unit",
};

const dvae = {
  architecture: "strided",
  imageSize: 16,
  channels: 1,
  vocabSize: 128,
  codebookWidth: 32,
  hidden: 32,
  layers: 2,
  blocksPerStage: 0,
  middleBlocks: 1,
  reconstruction: "mse",
  pixelRange: "normalized",
} as const satisfies DvaeConfig;

const beit: BeitConfig = {
  imageSize: 28,
  channels: 1,
  patchSize: 7,
  width: 64,
  depth: 4,
  heads: 4,
  mlpRatio: 4,
  absolutePositions: true,
  relativePositions: "none",
  layerScale: 0,
  dropPath: 0,
  epsilon: 1e-6,
  vocabSize: dvae.vocabSize,
  classes: 0,
  pooling: "mean",
};

const trainView: TrainViewOptions = {
  channels: 1,
  size: 28,
  crop: { kind: "resized", scale: [1, 1], ratio: [1, 1] },
  flip: 0.5,
  filter: "bicubic",
  normalization,
};

export const demoEvalView: EvalViewOptions = {
  channels: 1,
  size: 28,
  fit: { kind: "direct" },
  filter: "bicubic",
  normalization,
};

export const demoTokenizer: TokenizerRecipe = {
  stage: "tokenizer",
  seed: 0,
  model: dvae,
  views,
  epochs: 2,
  batchSize: 16,
  microBatches: 1,
  learningRate: { peak: 4e-3, minimum: 1e-4, warmupSteps: 50 },
  adamW: { ...adamW, weightDecay: 1e-4, clipNorm: 1 },
  temperature: { start: 1, end: 1 / 16, steps: 1200 },
  klWeight: { start: 0.02, end: 5e-4, steps: 1200 },
  balanceWeight: 0.02,
  hard: false,
};

export const demoPretrain: PretrainRecipe = {
  stage: "pretrain",
  seed: 0,
  model: beit,
  initStd: 0.08,
  views,
  mask: { kind: "blockwise", variant: "official", count: 6, minBlock: 2 },
  epochs: 10,
  batchSize: 64,
  microBatches: 1,
  learningRate: { peak: 2e-3, minimum: 1e-5, warmupSteps: 100 },
  adamW,
};

export const demoFineTune: FineTuneRecipe = {
  stage: "fine-tune",
  seed: 0,
  model: { ...beit, vocabSize: 0, dropPath: 0.1 },
  initStd: 0.05,
  view: trainView,
  evalView: demoEvalView,
  epochs: 40,
  batchSize: 20,
  microBatches: 1,
  learningRate: { peak: 2e-3, minimum: 1e-6, warmupSteps: 30 },
  adamW: { ...adamW, clipNorm: 0 },
  labelSmoothing: 0.1,
  layerDecay: 0.75,
};

/**
 * The same network from scratch, with the schedule that suits it best of those tried: larger batches, more steps and random
 * crops, worth five points to it. (They cost the pre-trained one four.)
 */
export const demoScratch: FineTuneRecipe = {
  ...demoFineTune,
  view: { ...trainView, crop: { kind: "resized", scale: [0.6, 1], ratio: [3 / 4, 4 / 3] } },
  epochs: 150,
  batchSize: 50,
};

const { vocabSize: _, ...withoutCodebook } = dvae;

/** The Gaussian VAE of the same size, for comparison with the demo's tokenizer. */
export const demoGaussian: GaussianRecipe = {
  stage: "gaussian",
  seed: 0,
  model: { ...withoutCodebook, codebookWidth: 8, reconstruction: "mse" },
  views,
  epochs: 2,
  batchSize: 16,
  microBatches: 1,
  learningRate: demoTokenizer.learningRate,
  adamW: demoTokenizer.adamW,
  klWeight: { start: 0, end: 1e-4, steps: 500 },
};
