// Fine-tuning of BEiT-large on ImageNet-1K at 224. (BEiT, Table 13)
//   beit finetune --recipe fine-tune-large --data DIR --from CHECKPOINT
// The table tries rates from 2e-3 to 5e-3; of so deep a network it is the lowest here. For weights that were pre-trained on ImageNet-22k
// the authors' README has --lr 1e-3 and --set model.dropPath=0.2.
import { beitVariants } from "@beitjs/beit-encoder";
import { fineTuneBase } from "./fine-tune-base.ts";
import type { FineTuneRecipe } from "./recipe.ts";

export const fineTuneLarge: FineTuneRecipe = {
  ...fineTuneBase,
  model: { ...fineTuneBase.model, ...largeSizes() },
  epochs: 50,
  microBatches: 16,
  learningRate: { peak: 2e-3, minimum: 1e-6, warmup: { epochs: 5 } },
  layerDecay: 0.75,
};

/** What makes a base model a large one. */
export function largeSizes() {
  const { width, depth, heads, layerScale } = beitVariants.large;
  return { width, depth, heads, layerScale };
}
