// The ops: what models are made of. One file each.
export { accumulate, accumulateOp } from "./accumulate.ts";
export { adamW, adamWOp, type AdamWOptions, type AdamWTensors } from "./adamw.ts";
export { addBias, addBiasOp } from "./add-bias.ts";
export { addScaled, addScaledOp } from "./add-scaled.ts";
export { argmax, argmaxOp } from "./argmax.ts";
export { assembleTokens, assembleTokensOp, type AssembleTokensOptions } from "./assemble-tokens.ts";
export {
  attention,
  attentionOp,
  attentionProbabilities,
  attentionProbabilitiesOp,
  type AttentionOptions,
} from "./attention.ts";
export { binaryCrossEntropy, binaryCrossEntropyOp } from "./binary-cross-entropy.ts";
export { convTranspose2d, convTranspose2dOp } from "./conv-transpose2d.ts";
export { conv2d, conv2dOp } from "./conv2d.ts";
export { crossEntropy, crossEntropyOp } from "./cross-entropy.ts";
export {
  apply,
  defineOp,
  type AnyOp,
  type BackwardArguments,
  type ForwardArguments,
  type OpSpec,
  type Values,
} from "./define-op.ts";
export { embedding, embeddingOp } from "./embedding.ts";
export { gatherRows, gatherRowsOp } from "./gather-rows.ts";
export { gaussianSample, gaussianSampleOp } from "./gaussian-sample.ts";
export { gelu, geluOp } from "./gelu.ts";
export { globalNorm, globalNormOp } from "./global-norm.ts";
export { gumbelNoise, gumbelNoiseOp } from "./gumbel-noise.ts";
export { gumbelSoftmax, gumbelSoftmaxOp } from "./gumbel-softmax.ts";
export { klOfMeanToUniform, klOfMeanToUniformOp } from "./kl-of-mean-to-uniform.ts";
export { klToNormal, klToNormalOp } from "./kl-to-normal.ts";
export { klToUniform, klToUniformOp } from "./kl-to-uniform.ts";
export { layerNorm, layerNormOp } from "./layer-norm.ts";
export { linear, linearOp } from "./linear.ts";
export { linearArgmax, linearArgmaxOp } from "./linear-argmax.ts";
export { linearCrossEntropy, linearCrossEntropyOp } from "./linear-cross-entropy.ts";
export { linearGelu, linearGeluOp } from "./linear-gelu.ts";
export { linearQkv, linearQkvOp } from "./linear-qkv.ts";
export { linearResidual, linearResidualOp } from "./linear-residual.ts";
export { logitLaplace, logitLaplaceOp } from "./logit-laplace.ts";
export { matmul, matmulOp } from "./matmul.ts";
export { maxPool2d, maxPool2dOp } from "./max-pool2d.ts";
export { meanAbsoluteError, meanAbsoluteErrorOp } from "./mean-absolute-error.ts";
export { meanSquaredError, meanSquaredErrorOp } from "./mean-squared-error.ts";
export { meanTokens, meanTokensOp } from "./mean-tokens.ts";
export { patchify, patchifyOp } from "./patchify.ts";
export { qkvBias, qkvBiasOp } from "./qkv-bias.ts";
export { relativePositionBias, relativePositionBiasOp } from "./relative-position-bias.ts";
export { relu, reluOp } from "./relu.ts";
export { reshape } from "./reshape.ts";
export { residual, residualOp, type ResidualOptions } from "./residual.ts";
export { scaleShift, scaleShiftOp } from "./scale-shift.ts";
export { scatterTokens, scatterTokensOp, type ScatterTokensOptions } from "./scatter-tokens.ts";
export { sigmoid, sigmoidOp } from "./sigmoid.ts";
export { sliceChannels, sliceChannelsOp } from "./slice-channels.ts";
export { smoothL1, smoothL1Op } from "./smooth-l1.ts";
export { softTargetCrossEntropy, softTargetCrossEntropyOp } from "./soft-target-cross-entropy.ts";
export { softmax, softmaxOp } from "./softmax.ts";
export { upsampleNearest, upsampleNearestOp } from "./upsample-nearest.ts";
