// Every case of every op, for the conformance suite and the benchmarks. Not part of the ops' own entry point.
import type { OpCase } from "./cases.ts";
import { accumulateCases } from "./accumulate.cases.ts";
import { adamWCases } from "./adamw.cases.ts";
import { addBiasCases } from "./add-bias.cases.ts";
import { addScaledCases } from "./add-scaled.cases.ts";
import { argmaxCases } from "./argmax.cases.ts";
import { assembleTokensCases } from "./assemble-tokens.cases.ts";
import { attentionCases, attentionProbabilitiesCases } from "./attention.cases.ts";
import { convTranspose2dCases } from "./conv-transpose2d.cases.ts";
import { conv2dCases } from "./conv2d.cases.ts";
import { crossEntropyCases } from "./cross-entropy.cases.ts";
import { embeddingCases } from "./embedding.cases.ts";
import { gatherRowsCases } from "./gather-rows.cases.ts";
import { gaussianSampleCases } from "./gaussian-sample.cases.ts";
import { geluCases } from "./gelu.cases.ts";
import { globalNormCases } from "./global-norm.cases.ts";
import { gumbelNoiseCases } from "./gumbel-noise.cases.ts";
import { gumbelSoftmaxCases } from "./gumbel-softmax.cases.ts";
import { klOfMeanToUniformCases } from "./kl-of-mean-to-uniform.cases.ts";
import { klToNormalCases } from "./kl-to-normal.cases.ts";
import { klToUniformCases } from "./kl-to-uniform.cases.ts";
import { layerNormCases } from "./layer-norm.cases.ts";
import { linearCases } from "./linear.cases.ts";
import { linearArgmaxCases } from "./linear-argmax.cases.ts";
import { linearCrossEntropyCases } from "./linear-cross-entropy.cases.ts";
import { linearGeluCases } from "./linear-gelu.cases.ts";
import { linearQkvCases } from "./linear-qkv.cases.ts";
import { linearResidualCases } from "./linear-residual.cases.ts";
import { logitLaplaceCases } from "./logit-laplace.cases.ts";
import { matmulCases } from "./matmul.cases.ts";
import { maxPool2dCases } from "./max-pool2d.cases.ts";
import { meanSquaredErrorCases } from "./mean-squared-error.cases.ts";
import { meanTokensCases } from "./mean-tokens.cases.ts";
import { patchifyCases } from "./patchify.cases.ts";
import { qkvBiasCases } from "./qkv-bias.cases.ts";
import { relativePositionBiasCases } from "./relative-position-bias.cases.ts";
import { reluCases } from "./relu.cases.ts";
import { residualCases } from "./residual.cases.ts";
import { scaleShiftCases } from "./scale-shift.cases.ts";
import { sigmoidCases } from "./sigmoid.cases.ts";
import { sliceChannelsCases } from "./slice-channels.cases.ts";
import { smoothL1Cases } from "./smooth-l1.cases.ts";
import { softmaxCases } from "./softmax.cases.ts";
import { upsampleNearestCases } from "./upsample-nearest.cases.ts";

export const allCases: readonly OpCase[] = [
  accumulateCases,
  adamWCases,
  addBiasCases,
  addScaledCases,
  argmaxCases,
  assembleTokensCases,
  attentionCases,
  attentionProbabilitiesCases,
  convTranspose2dCases,
  conv2dCases,
  crossEntropyCases,
  embeddingCases,
  gatherRowsCases,
  gaussianSampleCases,
  geluCases,
  globalNormCases,
  gumbelNoiseCases,
  gumbelSoftmaxCases,
  klOfMeanToUniformCases,
  klToNormalCases,
  klToUniformCases,
  layerNormCases,
  linearCases,
  linearArgmaxCases,
  linearCrossEntropyCases,
  linearGeluCases,
  linearQkvCases,
  linearResidualCases,
  logitLaplaceCases,
  matmulCases,
  maxPool2dCases,
  meanSquaredErrorCases,
  meanTokensCases,
  patchifyCases,
  qkvBiasCases,
  relativePositionBiasCases,
  reluCases,
  residualCases,
  scaleShiftCases,
  sigmoidCases,
  sliceChannelsCases,
  smoothL1Cases,
  softmaxCases,
  upsampleNearestCases,
].flat();

/** Those of ops that every backend has a kernel for: fused ops have one where it gains something. */
export const unfusedCases: readonly OpCase[] = allCases.filter(({ op }) => !op.fused);
