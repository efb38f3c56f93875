// Fine-tuning of BEiT-base on ImageNet-1K at 224. (BEiT, Table 13; augmentation after unilm's code: the
// table's "probabilities" of mixup and CutMix are their alphas, and its repeated augmentation was not used, as its authors say)
//   beit finetune --recipe fine-tune-base --data DIR --from CHECKPOINT
import { beitVariants } from "@beitjs/beit-encoder";
import { paperEvalView, paperTrainView } from "../data/views.ts";
import type { FineTuneRecipe } from "./recipe.ts";

export const fineTuneBase: FineTuneRecipe = {
  stage: "fine-tune",
  seed: 0,
  model: { ...beitVariants.base, relativePositions: "per-layer", vocabSize: 0, dropPath: 0.1 },
  initStd: 0.02,
  view: {
    ...paperTrainView,
    randAugment: { operations: 2, probability: 0.5, magnitude: 9, magnitudeStd: 0.5 },
    erase: { probability: 0.25, scale: [0.02, 1 / 3], ratio: [0.3, 1 / 0.3] },
  },
  evalView: paperEvalView,
  epochs: 100,
  batchSize: 1024,
  microBatches: 8,
  learningRate: { peak: 4e-3, minimum: 1e-6, warmup: { epochs: 20 } },
  adamW: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05, clipNorm: 0 },
  labelSmoothing: 0.1,
  mix: { mixupAlpha: 0.8, cutmixAlpha: 1, probability: 1, switchProbability: 0.5 },
  labels: "single",
  classWeights: "equal",
  sampling: "uniform",
  layerDecay: 0.65,
};
