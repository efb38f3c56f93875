// Masked image modeling of BEiT-base on ImageNet-1K. (BEiT, Table 12; architecture of the released weights)
//   beit pretrain --recipe pretrain-base --data DIR --tokenizer CHECKPOINT
// A GPU recipe: 800 epochs of 2048 images, five days on 16 V100. Expect a loss of 6.30 and an accuracy of 5.0 % after
// 300 epochs (the authors' log); it starts at ln 8192 = 9.011.
import { beitVariants } from "@beitjs/beit-encoder";
import { paperViews } from "../data/views.ts";
import type { PretrainRecipe } from "./recipe.ts";

export const pretrainBase: PretrainRecipe = {
  stage: "pretrain",
  seed: 0,
  model: { ...beitVariants.base, dropPath: 0.1 },
  initStd: 0.02,
  views: paperViews,
  mask: { kind: "blockwise", variant: "official", count: 75, minBlock: 16 },
  encoder: "all",
  target: "tokens",
  loss: "masked",
  epochs: 800,
  batchSize: 2048,
  microBatches: 16,
  learningRate: { peak: 1.5e-3, minimum: 1e-5, warmup: { epochs: 10 } },
  adamW: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05, clipNorm: 3 },
};
