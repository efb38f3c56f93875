// Fine-tuning of BEiT-base on CIFAR, whose images are enlarged to 224. (BEiT, Table 13)
//   beit finetune --recipe fine-tune-cifar100 --data DIR --from CHECKPOINT
// The table tries rates from 2e-3 to 5e-3. CIFAR-10 is not in the paper: it takes CIFAR-100's column.
import { fineTuneBase } from "./fine-tune-base.ts";
import type { FineTuneRecipe } from "./recipe.ts";
import { without } from "./without.ts";

export const fineTuneCifar100: FineTuneRecipe = {
  ...fineTuneBase,
  view: without(fineTuneBase.view, "erase"),
  epochs: 150,
  batchSize: 512,
  microBatches: 4,
  learningRate: { peak: 3e-3, minimum: 1e-6, warmup: { epochs: 20 } },
  adamW: { ...fineTuneBase.adamW, weightDecay: 0.3 },
};

export const fineTuneCifar10: FineTuneRecipe = { ...fineTuneCifar100 };
