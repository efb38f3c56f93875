// Intermediate fine-tuning: a pre-trained encoder learns the 21,841 classes of ImageNet-22k, and then those of ImageNet-1K by another
// recipe, whose rate is a hundred times lower: a higher one would undo what the first has learned. (BEiT, section 2.6 and Tables 3
// and 11; values of the authors' README)
//   beit finetune --recipe intermediate-base --data IMAGENET-22K --from CHECKPOINT --out runs/intermediate
//   beit finetune --recipe fine-tune-after-intermediate-base --data IMAGENET-1K --from runs/intermediate
import { fineTuneBase } from "./fine-tune-base.ts";
import { largeSizes } from "./fine-tune-large.ts";
import type { FineTuneRecipe } from "./recipe.ts";
import { without } from "./without.ts";

// Neither stage mixes images.
const base: FineTuneRecipe = without(fineTuneBase, "mix");
const { model, adamW } = base;

export const intermediateBase: FineTuneRecipe = {
  ...base,
  model: { ...model, dropPath: 0.2 },
  epochs: 90,
  batchSize: 4096,
  microBatches: 32,
  learningRate: { peak: 3e-3, minimum: 1e-6, warmup: { epochs: 5 } },
  adamW: { ...adamW, clipNorm: 3 },
};

export const intermediateLarge: FineTuneRecipe = {
  ...intermediateBase,
  model: { ...intermediateBase.model, ...largeSizes() },
  batchSize: 2048,
  microBatches: 32,
  learningRate: { peak: 2e-3, minimum: 1e-6, warmup: { epochs: 5 } },
  adamW: { ...adamW, clipNorm: 1 },
  layerDecay: 0.75,
};

export const fineTuneAfterIntermediateBase: FineTuneRecipe = {
  ...base,
  epochs: 30,
  batchSize: 512,
  microBatches: 4,
  learningRate: { peak: 2e-5, minimum: 1e-6, warmup: { epochs: 5 } },
  adamW: { ...adamW, weightDecay: 1e-8 },
  layerDecay: 0.85,
};

export const fineTuneAfterIntermediateLarge: FineTuneRecipe = {
  ...fineTuneAfterIntermediateBase,
  model: { ...model, ...largeSizes(), dropPath: 0.4 },
  microBatches: 8,
  layerDecay: 0.9,
};
