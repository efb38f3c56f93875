// @beitjs/dvae-tokenizer: images to visual tokens and back.
export {
  dvaeConfigIssues,
  dvaeVariants,
  tokenGridOf,
  validateDvaeConfig,
  type DallEConfig,
  type DvaeConfig,
  type DvaeConfigIssue,
  type PixelRange,
  type ReconstructionLoss,
  type StridedConfig,
} from "./config.ts";
export { decodeTokens } from "./decode-tokens.ts";
export {
  openTokenizer,
  openTokenizerEncoder,
  readTokenizerFiles,
  type OpenedTokenizer,
  type OpenTokenizerOptions,
  type TokenizerFiles,
} from "./checkpoint/open.ts";
export { hasTokenizerNames, tokenizerOrigins, type TokenizerOrigin } from "./checkpoint/origins/index.ts";
export { saveOfficialTokenizer, saveTokenizer } from "./checkpoint/save.ts";
export {
  decodeGaussian,
  encodeGaussian,
  gaussianVaeObjective,
  initGaussianVae,
  type GaussianVae,
  type GaussianVaeConfig,
  type GaussianVaeParams,
} from "./gaussian-vae.ts";
export { blankGaussianVae, blankTokenizer, gaussianVaeFromTensors, tokenizerFromTensors } from "./from-tensors.ts";
export { loadTokenizer, tokenizerToOfficial, type LoadTokenizerOptions } from "./load.ts";
export { officialNamesOf, type OfficialLayout, type OfficialName } from "./names.ts";
export { tokenizerObjective, type ObjectiveOptions, type TokenizerObjective } from "./objective.ts";
export { mapPixels, pixelScale, unmapPixels } from "./pixels.ts";
export { relax, type RelaxationOptions } from "./relaxation.ts";
export { tokenColor } from "./token-color.ts";
export {
  detokenize,
  detokenizeMixture,
  initTokenizer,
  prepareTokenizer,
  tokenize,
  tokenLogits,
  tokenProbabilities,
  type DvaeParams,
  type Tokenizer,
  type TokenizerEncoder,
} from "./tokenizer.ts";
export { collapseWarning, createUsageCounter, type CodebookUsage, type UsageCounter } from "./usage.ts";
