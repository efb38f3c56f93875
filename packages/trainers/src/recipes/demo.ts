// The recipes of `beit demo`: the whole loop on 28 x 28 gray images in a few minutes on two cores.
//   beit demo
import type { BeitConfig } from "@beitjs/beit-encoder";
import type { StridedConfig } from "@beitjs/dvae-tokenizer";
import type {
  EvalViewOptions,
  FineTuneRecipe,
  GaussianRecipe,
  PretrainRecipe,
  TokenizerRecipe,
  TrainViewOptions,
  TwoViewOptions,
} from "./recipe.ts";
import { fineTuneSmall, pretrainSmall, smallDvae, tokenizerSmall } from "./small.ts";
import { without } from "./without.ts";

const normalization = { mean: [0.5], std: [0.5] };

/** The whole image, mirrored half the time: crops cost more than they teach on centered 28 x 28 pictures. */
const views: TwoViewOptions = {
  ...pretrainSmall.views,
  ...normalization,
  channels: 1,
  pixelSize: 28,
  tokenSize: 16,
  colorJitter: { brightness: 0, contrast: 0, saturation: 0 },
  scale: [1, 1],
  ratio: [1, 1],
};

const dvae: StridedConfig = { ...smallDvae, imageSize: 16, channels: 1, vocabSize: 128, hidden: 32 };

const beit: BeitConfig = {
  ...pretrainSmall.model,
  imageSize: 28,
  channels: 1,
  patchSize: 7,
  width: 64,
  heads: 4,
  absolutePositions: true,
  relativePositions: "none",
  vocabSize: dvae.vocabSize,
};

const trainView: TrainViewOptions = {
  ...fineTuneSmall.view,
  channels: 1,
  size: 28,
  crop: { kind: "resized", scale: [1, 1], ratio: [1, 1] },
  normalization,
};

export const demoEvalView: EvalViewOptions = {
  ...fineTuneSmall.evalView,
  channels: 1,
  size: 28,
  fit: { kind: "direct" },
  normalization,
};

export const demoTokenizer: TokenizerRecipe = {
  ...tokenizerSmall,
  model: dvae,
  views,
  epochs: 2,
  batchSize: 16,
  learningRate: { peak: 4e-3, minimum: 1e-4, warmup: { share: 1 / 30 } },
  temperature: { start: 1, end: 1 / 16, over: { share: 0.8 } },
  klWeight: { start: 0.02, end: 5e-4, over: { share: 0.8 } },
  balanceWeight: 0.02,
};

export const demoPretrain: PretrainRecipe = {
  ...pretrainSmall,
  model: beit,
  initStd: 0.08,
  views,
  mask: { kind: "blockwise", variant: "official", count: 6, minBlock: 2 },
  epochs: 10,
  batchSize: 64,
  learningRate: { peak: 2e-3, minimum: 1e-5, warmup: { share: 10 / 187 } },
};

export const demoFineTune: FineTuneRecipe = {
  ...fineTuneSmall,
  model: { ...beit, vocabSize: 0, dropPath: 0.1 },
  view: trainView,
  evalView: demoEvalView,
  epochs: 40,
  learningRate: { peak: 2e-3, minimum: 1e-6, warmup: { share: 0.15 } },
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
  learningRate: { ...demoFineTune.learningRate, warmup: { share: 0.1 } },
};

/** The Gaussian VAE of the same size, for comparison with the demo's tokenizer. */
export const demoGaussian: GaussianRecipe = {
  ...without(demoTokenizer, "temperature", "balanceWeight", "hard"),
  stage: "gaussian",
  model: { ...without(dvae, "vocabSize"), codebookWidth: 8, reconstruction: "mse" },
  klWeight: { start: 0, end: 1e-4, over: { share: 1 / 3 } },
};
