// @beitjs/trainers: the stages as async generators, their data, recipes and checkpoints. Free of any platform; what
// needs Node (files, decoding) is in @beitjs/trainers/node.
export * from "./data/index.ts";
export {
  decodeCheckpoint,
  encodeCheckpoint,
  restoreState,
  sha256,
  type CheckpointFiles,
  type CheckpointInfo,
  type DecodedCheckpoint,
  type Manifest,
} from "./checkpoint.ts";
export {
  evaluateClassifier,
  evaluatePretraining,
  evaluateTokenizer,
  tokensOf,
  type ClassifierScores,
  type PretrainingScores,
  type TokenizerScores,
} from "./evaluate/evaluate.ts";
export { evaluateGaussian, type GaussianScores } from "./evaluate/gaussian.ts";
export { fineTune, type FineTuneReport } from "./stages/fine-tune.ts";
export { createEventWriter } from "./tensorboard.ts";
export { createMaskDrawer, drawMask, maskedTargets } from "./masks.ts";
export type { DrawMasks, MaskAddress } from "./masks.ts";
export { adamWDefaults, initAdamW, updateAdamW, type AdamWState } from "./optimizer/adamw.ts";
export { matchRules } from "./optimizer/parameter-rules.ts";
export { anneal, warmupCosine, type Annealing, type WarmupCosine } from "./optimizer/schedule.ts";
export { checkMatch, pretrain, type PretrainReport } from "./stages/pretrain.ts";
export * from "./recipes/index.ts";
export {
  checkpointInfo,
  firstDifference,
  recipeDifference,
  totalSteps,
  type RunOptions,
  type StepReport,
} from "./run.ts";
export { trainGaussianVae, type GaussianReport } from "./stages/train-gaussian.ts";
export { trainTokenizer, type TokenizerReport } from "./stages/train-tokenizer.ts";
export { viewBatch } from "./view-batch.ts";
export {
  initTrainingState,
  NonFiniteError,
  update,
  type MicroBatch,
  type Objective,
  type StateTree,
  type TrainingState,
  type UpdateOptions,
  type UpdateReport,
} from "./update.ts";
