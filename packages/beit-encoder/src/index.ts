// @beitjs/beit-encoder: the BEiT image transformer: pre-training and class heads, attention maps, official weights.
export {
  positionWeights,
  resizePositions,
  type PositionResizing,
  type ResizePositionsOptions,
} from "./positions/absolute.ts";
export type { AxisWeights } from "./positions/interpolation.ts";
export { attentionMaps, largestMass, type AttentionMapsOptions } from "./attention-maps.ts";
export { attentionRollout } from "./attention-rollout.ts";
export { beitOrigins, hasBeitNames, type BeitOrigin, type KnownOrigin } from "./checkpoint/origins/index.ts";
export type { Conventions, WeightsChoice } from "./checkpoint/origins/origin.ts";
export {
  namedNormalization,
  normalizationName,
  type NormalizationFacts,
  type NormalizationName,
  type NormalizationReason,
} from "./checkpoint/normalization.ts";
export { openBeit, readBeitFiles, type BeitFiles, type OpenBeitOptions, type OpenedBeit } from "./checkpoint/open.ts";
export { saveBeit, saveOfficialBeit, type SaveBeitOptions } from "./checkpoint/save.ts";
export type { StoredTensor } from "./checkpoint/stored.ts";
export { keepsTokenHead, toPretraining, type FurtherPretrainingOptions } from "./further-pretraining.ts";
export { block, type BlockInputs, type BlockOptions } from "./block.ts";
export { toClassifier, type ClassifierOptions } from "./classifier.ts";
export {
  beitConfigIssues,
  beitVariants,
  dropPathRate,
  encoderConfig,
  gridOf,
  patchCount,
  plainTransformer,
  poolingNormOf,
  predictedTokens,
  predictionOf,
  validateBeitConfig,
  type BeitConfig,
  type BeitConfigIssue,
  type DecoderConfig,
  type PoolingNorm,
  type RelativePositions,
} from "./config.ts";
export { encoderOnly, hasOwnPrediction } from "./encoder-only.ts";
export { encode, encodeWithFeatures, prepareBeit, type EncodeOptions, type Features } from "./encoder.ts";
export { classify, classifyViews, type ClassGuess, type ClassifyOptions } from "./inference/classify.ts";
export { cosineSimilarity, embed, embedViews, type EmbedOptions, type Pooling } from "./inference/embed.ts";
export type { ImageModel, ImagesOptions } from "./inference/model-images.ts";
export { classLogits, pooledFeatures, visualTokenLogits, visualTokenLoss } from "./heads.ts";
export { principalComponents, type PrincipalComponents } from "./inference/principal-components.ts";
export { encodeMasked } from "./masked.ts";
export { patchPixels } from "./patch-embedding.ts";
export {
  pixelLoss,
  pixelPredictions,
  withPatchStatistics,
  type PixelComparison,
  type PixelOptions,
} from "./pixel-head.ts";
export {
  beitConfigFromHuggingFace,
  beitConfigToHuggingFace,
  type HuggingFaceConfig,
} from "./checkpoint/hugging-face/config.ts";
export { toHuggingFace, type HuggingFaceFiles } from "./checkpoint/hugging-face/model.ts";
export { huggingFaceNames } from "./checkpoint/hugging-face/names.ts";
export { blankBeit, initBeit, initBeitClassifier } from "./init.ts";
export { beitToOfficial, loadBeit, officialNames } from "./checkpoint/official.ts";
export type { MaskInput, PatchMask } from "./masks.ts";
export {
  parameterCount,
  parameterShapes,
  type Beit,
  type BeitParams,
  type BlockParams,
  type DecoderParams,
} from "./parameters.ts";
export {
  checkImageSize,
  evalViewFields,
  preprocessingFromHuggingFace,
  preprocessingFromView,
  preprocessingToHuggingFace,
  type EvalViewFields,
  type Preprocessing,
} from "./checkpoint/preprocessing.ts";
export {
  relativePositionIndex,
  resizeTable,
  tableRows,
  tableWeights,
  type ResizeTableOptions,
  type TableResizing,
} from "./positions/relative.ts";
export { layerDecayRules, parameterDepths, weightDecayRules, type ParameterRule } from "./rules.ts";
export { readParameters, type ResizingOptions, type HostTensor, type HostTensors, type SourceGrid } from "./values.ts";
