// Ten more epochs of a classifier at 384, its patches as they were. (BEiT, section 3.1: "the fine-tuning setting of DeiT's higher
// resolution") The paper prints no rate; this is DeiT's: constant, all blocks alike, hardly any weight decay.
//   beit finetune --recipe fine-tune-384 --data DIR --from RUN
import { fineTuneBase } from "./fine-tune-base.ts";
import type { FineTuneRecipe } from "./recipe.ts";

const imageSize = 384;

export const fineTune384: FineTuneRecipe = {
  ...fineTuneBase,
  model: { ...fineTuneBase.model, imageSize },
  view: { ...fineTuneBase.view, size: imageSize },
  evalView: { ...fineTuneBase.evalView, size: imageSize, fit: { kind: "centerCrop", cropRatio: 1 } },
  epochs: 10,
  batchSize: 512,
  microBatches: 16,
  learningRate: { peak: 5e-6, minimum: 5e-6, warmup: { epochs: 0 } },
  adamW: { ...fineTuneBase.adamW, weightDecay: 1e-8 },
  layerDecay: 1,
};
