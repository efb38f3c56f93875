// The demo's recipes for its emoji: 32 x 32 pixels in color, 64 patches of which the encoder sees a quarter, so that a pre-training of
// many epochs fits into minutes on two cores; it predicts visual tokens as BEiT does. (encoder after He et al. 2021, targets after BEiT)
import {
  demoFineTune,
  demoPretrain,
  demoTokenizer,
  type EvalViewOptions,
  type FineTuneRecipe,
  type PretrainRecipe,
  type TokenizerRecipe,
} from "@beitjs/trainers";
import { plainTransformer } from "@beitjs/beit-encoder";
import type { DemoRecipes } from "./settings.ts";

const size = 32;
const inColor = { channels: 3, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const normalization = { mean: inColor.mean, std: inColor.std };
const crop = { kind: "resized", scale: [0.5, 1], ratio: [3 / 4, 4 / 3] } as const;

const views: PretrainRecipe["views"] = {
  ...demoPretrain.views,
  ...inColor,
  pixelSize: size,
  tokenSize: size,
  scale: crop.scale,
  ratio: crop.ratio,
};

const tokenizer: TokenizerRecipe = {
  ...demoTokenizer,
  model: { ...demoTokenizer.model, imageSize: size, channels: 3 } as TokenizerRecipe["model"],
  views,
  epochs: 4,
};

const model: PretrainRecipe["model"] = {
  ...demoPretrain.model,
  ...plainTransformer,
  ...{ imageSize: size, channels: 3, patchSize: 4, width: 128, depth: 4, heads: 4 },
  ...{ absolutePositions: true, vocabSize: tokenizer.model.vocabSize },
};

const pretrain: PretrainRecipe = {
  ...demoPretrain,
  model,
  initStd: 0.05,
  views,
  mask: { kind: "uniform", share: 0.75 },
  encoder: "visible",
  decoder: { width: 64, depth: 1, heads: 2 },
  epochs: 40,
  batchSize: 64,
  learningRate: { peak: 1e-3, minimum: 1e-5, warmup: { share: 0.05 } },
  adamW: { ...demoPretrain.adamW, beta2: 0.95 },
};

const evalView: EvalViewOptions = { ...demoFineTune.evalView, channels: 3, size, normalization };

const fineTune: FineTuneRecipe = {
  ...demoFineTune,
  model: { ...model, vocabSize: 0, dropPath: 0.1 },
  initStd: 0.05,
  view: { ...demoFineTune.view, channels: 3, size, crop, normalization },
  evalView,
  epochs: 60,
  batchSize: 30,
  learningRate: { peak: 1e-3, minimum: 1e-6, warmup: { share: 0.1 } },
};

export const emojiRecipes: DemoRecipes = {
  tokenizer,
  pretrain,
  fineTune,
  // The same: 150 epochs with all blocks alike gave it no more (31.4 % against 31.3 %, one run each).
  scratch: fineTune,
};
