// Tiny recipes and data for tests: every stage in a fraction of a second.
import type { BeitConfig } from "@beitjs/beit-encoder";
import { dvaeVariants, type StridedConfig } from "@beitjs/dvae-tokenizer";
import { hashUniform } from "@beitjs/tensor-core/testing";
import { memoryDataset, type Dataset } from "./data/index.ts";
import { demoEvalView, demoFineTune, demoGaussian, demoPretrain, demoTokenizer } from "./recipes/demo.ts";
import type {
  EvalViewOptions,
  FineTuneRecipe,
  GaussianRecipe,
  PretrainRecipe,
  TokenizerRecipe,
  TwoViewOptions,
} from "./recipes/recipe.ts";
import { without } from "./recipes/without.ts";

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
  learningRate: { peak: 3e-3, minimum: 1e-4, warmup: { steps: 2 } },
  adamW: { ...demoPretrain.adamW, beta2: 0.98 },
};

const views: TwoViewOptions = {
  ...demoPretrain.views,
  pixelSize: 8,
  tokenSize: 8,
  colorJitter: { brightness: 0.2, contrast: 0.2, saturation: 0 },
  flip: 0,
  scale: [0.7, 1],
  ratio: [0.9, 1.1],
};

const dvae: StridedConfig = {
  ...dvaeVariants["beit-customized"],
  imageSize: 8,
  channels: 1,
  vocabSize: 8,
  codebookWidth: 6,
  hidden: 8,
  layers: 1,
};

const beit: BeitConfig = {
  ...demoPretrain.model,
  imageSize: 8,
  patchSize: 2,
  width: 12,
  depth: 2,
  heads: 2,
  mlpRatio: 2,
  absolutePositions: false,
  relativePositions: "shared",
  layerScale: 0.1,
  dropPath: 0.1,
  vocabSize: dvae.vocabSize,
};

export const tinyEvalView: EvalViewOptions = { ...demoEvalView, size: 8 };

export const tinyTokenizer: TokenizerRecipe = {
  ...demoTokenizer,
  ...common,
  model: dvae,
  views,
  temperature: { start: 1, end: 0.5, over: { steps: 6 } },
  klWeight: { start: 0.01, end: 0.001, over: { steps: 5 } },
};

export const tinyGaussian: GaussianRecipe = {
  ...demoGaussian,
  ...common,
  model: { ...without(dvae, "vocabSize"), reconstruction: "mse" },
  views,
  klWeight: { start: 0, end: 1e-3, over: { steps: 5 } },
};

export const tinyPretrain: PretrainRecipe = { ...demoPretrain, ...common, model: beit, views };

/** The encoder sees a quarter of the patches. */
export const tinyVisible: PretrainRecipe = {
  ...tinyPretrain,
  model: { ...beit, absolutePositions: true, relativePositions: "none" },
  mask: { kind: "uniform", share: 0.75 },
  encoder: "visible",
  decoder: { width: 8, depth: 1, heads: 2 },
};

export const tinyFineTune: FineTuneRecipe = {
  ...demoFineTune,
  ...common,
  model: { ...beit, relativePositions: "per-layer", vocabSize: 0 },
  view: {
    ...demoFineTune.view,
    size: 8,
    crop: { kind: "resized", scale: [0.8, 1], ratio: [0.9, 1.1] },
    flip: 0,
  },
  evalView: tinyEvalView,
};
