// Every case of every op, for the conformance suite and the benchmarks. Not part of the ops' own entry point.
import { assembleTokensCases } from "./assemble-tokens.cases.ts";
import { attentionCases, attentionProbabilitiesCases } from "./attention.cases.ts";
import type { OpCase } from "./cases.ts";
import { addBiasCases } from "./add-bias.cases.ts";
import { convTranspose2dCases } from "./conv-transpose2d.cases.ts";
import { conv2dCases } from "./conv2d.cases.ts";
import { crossEntropyCases } from "./cross-entropy.cases.ts";
import { gatherRowsCases } from "./gather-rows.cases.ts";
import { geluCases } from "./gelu.cases.ts";
import { linearCases } from "./linear.cases.ts";
import { matmulCases } from "./matmul.cases.ts";
import { meanTokensCases } from "./mean-tokens.cases.ts";
import { patchifyCases } from "./patchify.cases.ts";
import { qkvBiasCases } from "./qkv-bias.cases.ts";
import { relativePositionBiasCases } from "./relative-position-bias.cases.ts";
import { residualCases } from "./residual.cases.ts";
import { sliceChannelsCases } from "./slice-channels.cases.ts";
import { accumulateCases } from "./accumulate.cases.ts";
import { klOfMeanToUniformCases } from "./kl-of-mean-to-uniform.cases.ts";
import { layerNormCases } from "./layer-norm.cases.ts";
import { softmaxCases } from "./softmax.cases.ts";

export const allCases: readonly OpCase[] = [
  accumulateCases,
  addBiasCases,
  assembleTokensCases,
  attentionCases,
  attentionProbabilitiesCases,
  conv2dCases,
  convTranspose2dCases,
  crossEntropyCases,
  gatherRowsCases,
  geluCases,
  klOfMeanToUniformCases,
  layerNormCases,
  linearCases,
  matmulCases,
  meanTokensCases,
  patchifyCases,
  qkvBiasCases,
  relativePositionBiasCases,
  residualCases,
  sliceChannelsCases,
  softmaxCases,
].flat();
