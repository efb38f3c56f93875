// Fine-tuning of BEiT-base on ImageNet-1K at 224. (BEiT, Table 13, without mixup, CutMix and RandAugment)
//   beit finetune --recipe fine-tune-base --data DIR --from CHECKPOINT
import { beitVariants } from "@beitjs/beit-encoder";
import { paperEvalView, paperTrainView } from "../data/views.ts";
import type { FineTuneRecipe } from "./recipe.ts";

export const fineTuneBase: FineTuneRecipe = {
  stage: "fine-tune",
  seed: 0,
  model: { ...beitVariants.base, relativePositions: "per-layer", vocabSize: 0, dropPath: 0.1 },
  initStd: 0.02,
  view: paperTrainView,
  evalView: paperEvalView,
  epochs: 100,
  batchSize: 1024,
  microBatches: 8,
  learningRate: { peak: 4e-3, minimum: 1e-6, warmup: { epochs: 20 } },
  adamW: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05, clipNorm: 0 },
  labelSmoothing: 0.1,
  labels: "single",
  classWeights: "equal",
  sampling: "uniform",
  layerDecay: 0.65,
};
