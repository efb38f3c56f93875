// @beitjs/trainers: the stages as async generators, their data, recipes and checkpoints. Free of any platform; what
// needs Node (files, decoding) is in @beitjs/trainers/node.
export * from "./data/index.ts";
export {
  decodeCheckpoint,
  encodeCheckpoint,
  encodeFork,
  restoreState,
  sha256,
  type CheckpointFiles,
  type CheckpointInfo,
  type DecodedCheckpoint,
  type Manifest,
} from "./checkpoint.ts";
export { averagePrecision } from "./evaluate/average-precision.ts";
export type { CalibrationBin } from "./evaluate/calibration.ts";
export { classifierMetrics, evaluateClassifier, type ClassifierScores, type Mistake } from "./evaluate/classifier.ts";
export { evaluateMultiLabel, multiLabelMetrics, type MultiLabelScores } from "./evaluate/multi-label.ts";
export { evaluateGaussian, gaussianMetrics, type GaussianScores } from "./evaluate/gaussian.ts";
export type { EvaluationOptions } from "./evaluate/in-order.ts";
export {
  evaluatePixels,
  evaluatePretraining,
  pixelMetrics,
  pretrainingMetrics,
  pretrainingMetricsOf,
  type MaskedOptions,
  type MaskedScores,
  type PixelScores,
  type PretrainingScores,
} from "./evaluate/pretraining.ts";
export {
  evaluateGaussianBound,
  evaluateTokenizerBound,
  type LikelihoodBound,
  type ReconstructionOptions,
  type ReconstructionScores,
} from "./evaluate/reconstruction.ts";
export { psnr, ssim, type Pixels } from "./evaluate/similarity.ts";
export { evaluateTokenizer, tokenizerMetrics, tokensOf, type TokenizerScores } from "./evaluate/tokenizer.ts";
export { fineTune, fineTuneMetrics, type FineTuneReport, type FineTuneScores } from "./stages/fine-tune.ts";
export { joinLoggers, type LogEntry, type Logger } from "./logging/logger.ts";
export { createEventWriter } from "./logging/tensorboard.ts";
export { createMaskDrawer, drawMask, maskedTargets, masksOf } from "./masks.ts";
export type { DrawMasks, MaskAddress } from "./masks.ts";
export { tokenizerMismatch } from "./match.ts";
export { adamWDefaults, initAdamW, updateAdamW, type AdamWState } from "./optimizer/adamw.ts";
export { emaDecay } from "./optimizer/ema.ts";
export { matchRules } from "./optimizer/parameter-rules.ts";
export { scheduledValues } from "./optimizer/recipe-schedule.ts";
export { anneal, warmupCosine, type Annealing, type WarmupCosine } from "./optimizer/schedule.ts";
export {
  augmentedBatch,
  augmentedProbe,
  usualProbeRates,
  type AugmentedProbeOptions,
  type AugmentedProbeScores,
} from "./probe/augmented-probe.ts";
export { takeRows, type FeatureTable } from "./probe/feature-table.ts";
export { blockFeatures, pixelFeatures, type BlockFeaturesOptions, type ProbePooling } from "./probe/features.ts";
export { drawFewLabels, type FewLabels } from "./probe/few-labels.ts";
export { linearProbe, type LinearProbeOptions, type LinearProbeScores } from "./probe/linear-probe.ts";
export {
  neighborPredictions,
  neighborScores,
  type NeighborOptions,
  type NeighborPredictions,
} from "./probe/nearest-neighbors.ts";
export { ridgeScores, type RidgeOptions, type RidgeScores } from "./probe/ridge.ts";
export { meanAndSpread, type ProbeScores } from "./probe/scores.ts";
export { checkMatch, pretrain, type PretrainReport, type TokenPretrainReport } from "./stages/pretrain.ts";
export {
  estimateMemory,
  fits,
  smallerRuns,
  type MemoryBounds,
  type MemoryOptions,
  type SmallerRun,
} from "./plan/memory.ts";
export { imagesByClass, planOf, type RunPlan } from "./plan/plan.ts";
export * from "./recipes/index.ts";
export {
  checkpointInfo,
  firstDifference,
  isLonger,
  recipeDifference,
  totalSteps,
  type RunOptions,
  type StepReport,
} from "./run.ts";
export { batchAt, batchImages, firstNonFinite, replayStep, type Replayed, type StoredBatch } from "./replay.ts";
export type { TensorFacts } from "./tensor-log.ts";
export { trainGaussianVae, type GaussianReport } from "./stages/train-gaussian.ts";
export { trainTokenizer, type TokenizerReport } from "./stages/train-tokenizer.ts";
export {
  metricsOf,
  type Interval,
  type Metric,
  type Metrics,
  type Validation,
  type ValidationOptions,
  type ValidationState,
} from "./validation.ts";
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
