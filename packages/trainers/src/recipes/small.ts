// The small models that ship with @beitjs/dvae-tokenizer and the web demo: 14 x 14 visual tokens of color photographs, and a
// BEiT that predicts them. Ten bits a patch say no more than 56 x 56 pixels show, so the tokenizer works at that size. Trained on pictures made by tools/small-models; its README has times and results.
//   beit train-tokenizer --recipe tokenizer-small --data DIR
//   beit pretrain --recipe pretrain-small --data DIR --tokenizer CHECKPOINT
//   beit finetune --recipe fine-tune-small --data DIR --from CHECKPOINT
import type { BeitConfig } from "@beitjs/beit-encoder";
import type { DvaeConfig } from "@beitjs/dvae-tokenizer";
import type { TwoViewOptions } from "../data/index.ts";
import type { FineTuneRecipe, PretrainRecipe, TokenizerRecipe } from "./recipe.ts";

const adamW = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05, clipNorm: 3 } as const;

const views: TwoViewOptions = {
  channels: 3,
  pixelSize: 112,
  tokenSize: 56,
  colorJitter: { brightness: 0.3, contrast: 0.3, saturation: 0.3 },
  flip: 0.5,
  scale: [0.4, 1],
  ratio: [3 / 4, 4 / 3],
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
  tokenRange: "unit",
};

const dvae = {
  architecture: "strided",
  imageSize: 56,
  channels: 3,
  vocabSize: 1024,
  codebookWidth: 32,
  hidden: 64,
  layers: 2,
  blocksPerStage: 0,
  middleBlocks: 1,
  reconstruction: "mse",
  pixelRange: "normalized",
} as const satisfies DvaeConfig;

const beit: BeitConfig = {
  imageSize: 112,
  channels: 3,
  patchSize: 8,
  width: 96,
  depth: 4,
  heads: 3,
  mlpRatio: 4,
  absolutePositions: false,
  relativePositions: "shared",
  layerScale: 0,
  dropPath: 0,
  epsilon: 1e-6,
  vocabSize: dvae.vocabSize,
  classes: 0,
  pooling: "mean",
};

export const tokenizerSmall: TokenizerRecipe = {
  stage: "tokenizer",
  seed: 0,
  model: dvae,
  views,
  epochs: 5,
  batchSize: 8,
  microBatches: 1,
  learningRate: { peak: 2e-3, minimum: 1e-5, warmupSteps: 100 },
  adamW: { ...adamW, weightDecay: 1e-4, clipNorm: 1 },
  temperature: { start: 1, end: 1 / 16, steps: 3000 },
  klWeight: { start: 1e-3, end: -2e-3, steps: 2000 },
  balanceWeight: 0.01,
  hard: false,
};

export const pretrainSmall: PretrainRecipe = {
  stage: "pretrain",
  seed: 0,
  model: beit,
  initStd: 0.05,
  views,
  mask: { kind: "blockwise", variant: "official", count: 75, minBlock: 16 },
  epochs: 5,
  batchSize: 16,
  microBatches: 1,
  learningRate: { peak: 1e-3, minimum: 1e-5, warmupSteps: 100 },
  adamW,
};

const normalization = { mean: views.mean, std: views.std };

/** A classifier of a folder a class from an encoder of `pretrainSmall`, or from scratch. */
export const fineTuneSmall: FineTuneRecipe = {
  stage: "fine-tune",
  seed: 0,
  model: { ...beit, vocabSize: 0, dropPath: 0.1 },
  initStd: 0.05,
  view: {
    channels: 3,
    size: beit.imageSize,
    crop: { kind: "resized", scale: [0.4, 1], ratio: [3 / 4, 4 / 3] },
    flip: 0.5,
    filter: "bicubic",
    normalization,
  },
  evalView: {
    channels: 3,
    size: beit.imageSize,
    fit: { kind: "centerCrop", cropRatio: 0.875 },
    filter: "bicubic",
    normalization,
  },
  epochs: 30,
  batchSize: 20,
  microBatches: 1,
  learningRate: { peak: 1e-3, minimum: 1e-6, warmupSteps: 30 },
  adamW: { ...adamW, clipNorm: 0 },
  labelSmoothing: 0.1,
  layerDecay: 0.75,
};
