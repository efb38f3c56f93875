// Datasets, views and batches, free of any platform.
export {
  drawPerClass,
  labelsAt,
  order,
  requireLabels,
  requireSameClasses,
  split,
  subset,
  takePerClass,
  type Dataset,
  type Example,
} from "./dataset.ts";
export { splitPerClass, withClasses } from "./hold-out.ts";
export { pixelEvalView, tokenEvalView } from "./eval-views.ts";
export { splitsAmong, type DatasetSplit } from "./split-names.ts";
export { balancedOrder, repeatedOrder } from "./sampling.ts";
export { pixelStatistics } from "./statistics.ts";
export { memoryDataset, type MemoryDatasetOptions } from "./memory.ts";
export { idxDataset, parseIdxImages, parseIdxLabels, type IdxDatasetOptions, type IdxImages } from "./idx.ts";
export { cifarDataset, parseCifar, type CifarDatasetOptions, type CifarKind } from "./cifar.ts";
export {
  evalView,
  paperEvalView,
  paperTrainView,
  paperViews,
  stack,
  trainView,
  twoViews,
  viewRng,
  type TwoViews,
} from "./views.ts";
export { erase } from "./erase.ts";
export { mixBatch, mixOfStep, type LabeledView, type Mix, type MixedLabels, type MixedView } from "./mix.ts";
export { randAugment } from "./rand-augment.ts";
export type { EraseOptions, MixRecipe, RandAugmentOptions } from "../recipes/recipe.ts";
export type { EvalViewOptions, TrainViewOptions, TwoViewOptions } from "../recipes/recipe.ts";
export {
  batches,
  positionAt,
  stepsPerEpoch,
  type Batch,
  type BatchOptions,
  type BatchPosition,
  type Prepare,
} from "./batches.ts";
