// The small models that ship with @beitjs/dvae-tokenizer and the web demo: 14 x 14 visual tokens of color photographs, and a
// BEiT that predicts them. Ten bits a patch say no more than 56 x 56 pixels show, so the tokenizer works at that size. Trained on pictures made by tools/small-models; its README has times and results.
//   beit train-tokenizer --recipe tokenizer-small --data DIR
//   beit pretrain --recipe pretrain-small --data DIR --tokenizer CHECKPOINT
//   beit pretrain --recipe pretrain-small-visible --data DIR
//   beit finetune --recipe fine-tune-small --data DIR --from CHECKPOINT
import { beitVariants, plainTransformer, type BeitConfig } from "@beitjs/beit-encoder";
import { dvaeVariants, type StridedConfig } from "@beitjs/dvae-tokenizer";
import { paperTrainView } from "../data/views.ts";
import { fineTuneBase } from "./fine-tune-base.ts";
import { pretrainBase } from "./pretrain-base.ts";
import type { FineTuneRecipe, PretrainRecipe, TokenizerRecipe, TwoViewOptions } from "./recipe.ts";
import { tokenizerDallE } from "./tokenizer-dall-e.ts";
import { without } from "./without.ts";

const views: TwoViewOptions = {
  ...pretrainBase.views,
  pixelSize: 112,
  tokenSize: 56,
  colorJitter: { brightness: 0.3, contrast: 0.3, saturation: 0.3 },
  scale: [0.4, 1],
};

export const smallDvae: StridedConfig = {
  ...dvaeVariants["dalle-pytorch"],
  imageSize: 56,
  vocabSize: 1024,
  codebookWidth: 32,
  hidden: 64,
  layers: 2,
  middleBlocks: 1,
};

// Twice, so that sizes come first in files, too: a hash of the file tells whether a model is the same.
const sizes = { imageSize: 112, channels: 3, patchSize: 8, width: 96, depth: 4, heads: 3 };
const beit: BeitConfig = { ...sizes, ...beitVariants.tiny, ...sizes, layerScale: 0, vocabSize: smallDvae.vocabSize };

export const tokenizerSmall: TokenizerRecipe = {
  ...tokenizerDallE,
  model: smallDvae,
  views,
  epochs: 5,
  batchSize: 8,
  microBatches: 1,
  learningRate: { peak: 2e-3, minimum: 1e-5, warmup: { share: 0.0133 } },
  adamW: { ...tokenizerDallE.adamW, clipNorm: 1 },
  temperature: { start: 1, end: 1 / 16, over: { share: 0.4 } },
  klWeight: { start: 1e-3, end: -2e-3, over: { share: 0.2667 } },
  balanceWeight: 0.01,
};

export const pretrainSmall: PretrainRecipe = {
  ...pretrainBase,
  model: beit,
  initStd: 0.05,
  views,
  epochs: 5,
  batchSize: 16,
  microBatches: 1,
  learningRate: { peak: 1e-3, minimum: 1e-5, warmup: { share: 0.0267 } },
};

/**
 * A masked autoencoder for a machine without a GPU: the encoder sees a quarter of the patches, a decoder predicts the pixels of the
 * others, so that there is no tokenizer and a step takes a fraction of pretrainSmall's. Share, decoder, crops and beta2 after
 * He et al. 2021, made small.
 */
export const pretrainSmallVisible: PretrainRecipe = {
  ...pretrainSmall,
  model: { ...beit, ...plainTransformer, width: 128, depth: 6, heads: 4 },
  views: { ...views, colorJitter: { brightness: 0, contrast: 0, saturation: 0 }, scale: [0.2, 1] },
  mask: { kind: "uniform", share: 0.75 },
  encoder: "visible",
  decoder: { width: 64, depth: 2, heads: 2 },
  target: "pixels",
  epochs: 20,
  batchSize: 64,
  learningRate: { peak: 1e-3, minimum: 1e-5, warmup: { share: 0.05 } },
  adamW: { ...pretrainSmall.adamW, beta2: 0.95 },
};

/** A classifier of a folder a class from an encoder of `pretrainSmall`, or from scratch. */
export const fineTuneSmall: FineTuneRecipe = {
  ...without(fineTuneBase, "mix"),
  model: { ...beit, vocabSize: 0, dropPath: 0.1 },
  initStd: 0.05,
  view: {
    ...paperTrainView,
    size: beit.imageSize,
    crop: { kind: "resized", scale: [0.4, 1], ratio: [3 / 4, 4 / 3] },
  },
  evalView: { ...fineTuneBase.evalView, size: beit.imageSize },
  epochs: 30,
  batchSize: 20,
  microBatches: 1,
  learningRate: { peak: 1e-3, minimum: 1e-6, warmup: { share: 0.1 } },
  layerDecay: 0.75,
};
