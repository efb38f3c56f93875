// Masked image modeling of a ViT-Ti sized BEiT, for one machine.
//   beit pretrain --recipe pretrain-tiny --data DIR --tokenizer CHECKPOINT
import { beitVariants } from "@beitjs/beit-encoder";
import { pretrainBase } from "./pretrain-base.ts";
import type { PretrainRecipe } from "./recipe.ts";

export const pretrainTiny: PretrainRecipe = {
  ...pretrainBase,
  model: { ...beitVariants.tiny, dropPath: 0.1 },
  epochs: 100,
  batchSize: 64,
  microBatches: 1,
  learningRate: { peak: 5e-4, minimum: 1e-5, warmup: { share: 0.05 } },
};
