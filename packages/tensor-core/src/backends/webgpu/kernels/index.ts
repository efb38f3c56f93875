// Every kernel of the webgpu backend, one file per op; their shaders are in shaders/.
import type { WebgpuKernels } from "../context.ts";
import { accumulateKernels } from "./accumulate.ts";
import { adamWKernels } from "./adamw.ts";
import { addBiasKernels } from "./add-bias.ts";
import { addScaledKernels } from "./add-scaled.ts";
import { argmaxKernels } from "./argmax.ts";
import { assembleTokensKernels } from "./assemble-tokens.ts";
import { attentionKernels, attentionProbabilitiesKernels } from "./attention.ts";
import { convTranspose2dKernels } from "./conv-transpose2d.ts";
import { conv2dKernels } from "./conv2d.ts";
import { crossEntropyKernels } from "./cross-entropy.ts";
import { embeddingKernels } from "./embedding.ts";
import { gatherRowsKernels } from "./gather-rows.ts";
import { gaussianSampleKernels } from "./gaussian-sample.ts";
import { geluKernels } from "./gelu.ts";
import { globalNormKernels } from "./global-norm.ts";
import { gumbelNoiseKernels } from "./gumbel-noise.ts";
import { gumbelSoftmaxKernels } from "./gumbel-softmax.ts";
import { klOfMeanToUniformKernels } from "./kl-of-mean-to-uniform.ts";
import { klToNormalKernels } from "./kl-to-normal.ts";
import { klToUniformKernels } from "./kl-to-uniform.ts";
import { layerNormKernels } from "./layer-norm.ts";
import { linearKernels } from "./linear.ts";
import { linearArgmaxKernels } from "./linear-argmax.ts";
import { linearCrossEntropyKernels } from "./linear-cross-entropy.ts";
import { linearGeluKernels } from "./linear-gelu.ts";
import { linearQkvKernels } from "./linear-qkv.ts";
import { linearResidualKernels } from "./linear-residual.ts";
import { logitLaplaceKernels } from "./logit-laplace.ts";
import { matmulKernels } from "./matmul.ts";
import { maxPool2dKernels } from "./max-pool2d.ts";
import { meanSquaredErrorKernels } from "./mean-squared-error.ts";
import { meanTokensKernels } from "./mean-tokens.ts";
import { patchifyKernels } from "./patchify.ts";
import { qkvBiasKernels } from "./qkv-bias.ts";
import { relativePositionBiasKernels } from "./relative-position-bias.ts";
import { reluKernels } from "./relu.ts";
import { residualKernels } from "./residual.ts";
import { scaleShiftKernels } from "./scale-shift.ts";
import { sigmoidKernels } from "./sigmoid.ts";
import { sliceChannelsKernels } from "./slice-channels.ts";
import { smoothL1Kernels } from "./smooth-l1.ts";
import { softmaxKernels } from "./softmax.ts";
import { upsampleNearestKernels } from "./upsample-nearest.ts";

export const allKernels: readonly WebgpuKernels[] = [
  accumulateKernels,
  adamWKernels,
  addBiasKernels,
  addScaledKernels,
  argmaxKernels,
  assembleTokensKernels,
  attentionKernels,
  attentionProbabilitiesKernels,
  convTranspose2dKernels,
  conv2dKernels,
  crossEntropyKernels,
  embeddingKernels,
  gatherRowsKernels,
  gaussianSampleKernels,
  geluKernels,
  globalNormKernels,
  gumbelNoiseKernels,
  gumbelSoftmaxKernels,
  klOfMeanToUniformKernels,
  klToNormalKernels,
  klToUniformKernels,
  layerNormKernels,
  linearKernels,
  linearArgmaxKernels,
  linearCrossEntropyKernels,
  linearGeluKernels,
  linearQkvKernels,
  linearResidualKernels,
  logitLaplaceKernels,
  matmulKernels,
  maxPool2dKernels,
  meanSquaredErrorKernels,
  meanTokensKernels,
  patchifyKernels,
  qkvBiasKernels,
  relativePositionBiasKernels,
  reluKernels,
  residualKernels,
  scaleShiftKernels,
  sigmoidKernels,
  sliceChannelsKernels,
  smoothL1Kernels,
  softmaxKernels,
  upsampleNearestKernels,
];
