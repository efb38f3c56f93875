// Tiny recipes and data for tests: every stage in a fraction of a second.
import type { BeitConfig } from "@beitjs/beit-encoder";
import type { DvaeConfig } from "@beitjs/dvae-tokenizer";
import { hashUniform } from "@beitjs/tensor-core/testing";
import { memoryDataset, type Dataset, type EvalViewOptions, type TwoViewOptions } from "./data/index.ts";
import type { FineTuneRecipe, GaussianRecipe, PretrainRecipe, TokenizerRecipe } from "./recipes/recipe.ts";

/** `length` gray 8 x 8 images of two classes: bright on the left, bright on top; the rest is noise. */
export function tinyImages(length = 24): Dataset {
  const data = new Uint8Array(length * 64);
  for (let i = 0; i < data.length; i++) {
    const [image, y, x] = [Math.floor(i / 64), Math.floor(i / 8) % 8, i % 8];
    const bright = image % 2 === 0 ? x < 4 : y < 4;
    data[i] = (bright ? 150 : 10) + Math.floor(90 * hashUniform(5, i));
  }
  const labels = Uint8Array.from({ length }, (_, i) => i % 2);
  return memoryDataset({
    width: 8,
    height: 8,
    channels: 1,
    data,
    labels,
    classes: ["left", "top"],
    name: (i) => `tiny#${i}`,
  });
}

const common = {
  seed: 3,
  epochs: 2,
  batchSize: 8,
  microBatches: 1,
  learningRate: { peak: 3e-3, minimum: 1e-4, warmupSteps: 2 },
  adamW: { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.05, clipNorm: 3 },
} as const;

const views: TwoViewOptions = {
  channels: 1,
  pixelSize: 8,
  tokenSize: 8,
  colorJitter: { brightness: 0.2, contrast: 0.2, saturation: 0 },
  flip: 0,
  scale: [0.7, 1],
  ratio: [0.9, 1.1],
  mean: [0.5],
  std: [0.5],
  tokenRange: "unit",
};

const dvae: DvaeConfig = {
  architecture: "strided",
  imageSize: 8,
  channels: 1,
  vocabSize: 8,
  codebookWidth: 6,
  hidden: 8,
  layers: 1,
  blocksPerStage: 1,
  middleBlocks: 0,
  reconstruction: "mse",
  pixelRange: "normalized",
};

const beit: BeitConfig = {
  imageSize: 8,
  channels: 1,
  patchSize: 2,
  width: 12,
  depth: 2,
  heads: 2,
  mlpRatio: 2,
  absolutePositions: false,
  relativePositions: "shared",
  layerScale: 0.1,
  dropPath: 0.1,
  epsilon: 1e-6,
  vocabSize: 8,
  classes: 0,
  pooling: "mean",
};

const normalization = { mean: [0.5], std: [0.5] };
export const tinyEvalView: EvalViewOptions = {
  channels: 1,
  size: 8,
  fit: { kind: "direct" },
  filter: "bicubic",
  normalization,
};

export const tinyTokenizer: TokenizerRecipe = {
  ...common,
  stage: "tokenizer",
  model: dvae,
  views,
  temperature: { start: 1, end: 0.5, steps: 10 },
  klWeight: { start: 0.01, end: 0.001, steps: 5 },
  balanceWeight: 0.02,
  hard: false,
};

export const tinyGaussian: GaussianRecipe = {
  ...common,
  stage: "gaussian",
  model: { ...dvae, architecture: "strided", reconstruction: "mse" },
  views,
  klWeight: { start: 0, end: 1e-3, steps: 5 },
};

export const tinyPretrain: PretrainRecipe = {
  ...common,
  stage: "pretrain",
  model: beit,
  initStd: 0.08,
  views,
  mask: { kind: "blockwise", variant: "official", count: 6, minBlock: 2 },
};

export const tinyFineTune: FineTuneRecipe = {
  ...common,
  stage: "fine-tune",
  model: { ...beit, relativePositions: "per-layer", vocabSize: 0 },
  initStd: 0.05,
  view: {
    channels: 1,
    size: 8,
    crop: { kind: "resized", scale: [0.8, 1], ratio: [0.9, 1.1] },
    flip: 0,
    filter: "bicubic",
    normalization,
  },
  evalView: tinyEvalView,
  labelSmoothing: 0.1,
  layerDecay: 0.75,
};
