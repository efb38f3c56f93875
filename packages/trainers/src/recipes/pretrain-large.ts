// Masked image modeling of BEiT-large on ImageNet-1K. (BEiT, Table 12; architecture of the released weights)
//   beit pretrain --recipe pretrain-large --data DIR --tokenizer CHECKPOINT
import { beitVariants } from "@beitjs/beit-encoder";
import { pretrainBase } from "./pretrain-base.ts";
import type { PretrainRecipe } from "./recipe.ts";

export const pretrainLarge: PretrainRecipe = {
  ...pretrainBase,
  model: { ...beitVariants.large, dropPath: 0.1 },
  microBatches: 32,
  adamW: { ...pretrainBase.adamW, clipNorm: 1 },
};
