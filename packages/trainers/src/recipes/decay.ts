// Which parameters of the tokenizers decay: filters and the codebook do, biases do not.
import type { ParamRule } from "../optimizer/param-rules.ts";

export const tokenizerDecay: readonly ParamRule<number>[] = [
  [/\.bias$/, 0],
  [/\.filter$/, 1],
  [/^codebook\.table$/, 1],
];
