// @beitjs/beit-encoder: the BEiT image transformer: pre-training and class heads, attention maps, official weights.
export { resizePositions, type ResizePositionsOptions } from "./absolute-position.ts";
export { attentionMaps, largestMass, type AttentionMapsOptions } from "./attention-maps.ts";
export { toClassifier, type ClassifierOptions } from "./classifier.ts";
export {
  beitVariants,
  dropPathRate,
  gridSide,
  patchCount,
  plainTransformer,
  validateBeitConfig,
  type BeitConfig,
  type RelativePositions,
} from "./config.ts";
export { encode, encodeWithFeatures, type EncodeOptions, type Features } from "./encoder.ts";
export { classLogits, visualTokenLogits } from "./heads.ts";
export { beitConfigFromHuggingFace, beitConfigToHuggingFace, type HuggingFaceConfig } from "./hugging-face-config.ts";
export {
  loadHuggingFace,
  toHuggingFace,
  type HuggingFaceFiles,
  type HuggingFaceModel,
  type HuggingFaceSource,
} from "./hugging-face-model.ts";
export { fromHuggingFace, huggingFaceNames } from "./hugging-face.ts";
export { initBeit, initBeitClassifier } from "./init.ts";
export { beitToOfficial, loadBeit, officialNames } from "./load.ts";
export type { BatchMask, PatchMask } from "./masks.ts";
export { parameterCount, parameterShapes, type Beit, type BeitParams, type BlockParams } from "./parameters.ts";
export {
  evalViewFields,
  preprocessingFromHuggingFace,
  preprocessingToHuggingFace,
  type EvalViewFields,
  type Preprocessing,
} from "./preprocessing.ts";
export {
  relativePositionIndex,
  resizeTable,
  tableRows,
  type PatchGrid,
  type ResizeTableOptions,
  type TableResizing,
} from "./relative-position.ts";
export { layerDecayRules, parameterDepths, weightDecayRules, type ParameterRule } from "./rules.ts";
export { mergeShards } from "./shards.ts";
export { readParameters, type AdaptOptions, type HostTensor, type HostTensors } from "./values.ts";
