// Layers: parameters as data, and functions over them. Ops take their tensor first, layers their parameters.
export {
  attention,
  attentionProbabilities,
  initAttention,
  type AttentionOptions,
  type AttentionParams,
} from "./attention.ts";
export { conv2d, initConv2d, type Conv2dOptions, type Conv2dParams } from "./conv2d.ts";
export { dropPath } from "./drop-path.ts";
export { embedding, initEmbedding, type EmbeddingParams } from "./embedding.ts";
export {
  constant,
  fanInNormal,
  fanInUniform,
  normal,
  truncatedNormal,
  uniform,
  type Initializer,
} from "./initializers.ts";
export { initLayerNorm, layerNorm, type LayerNormParams } from "./layer-norm.ts";
export { initLinear, linear, type LinearOptions, type LinearParams, type Trunk } from "./linear.ts";
export { initMlp, mlp, type MlpParams } from "./mlp.ts";
