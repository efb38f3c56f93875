// Which parameters of the tokenizers decay: filters and the codebook do, biases do not.
import type { ParameterRule } from "@beitjs/beit-encoder";

export const tokenizerDecay: readonly ParameterRule[] = [
  [/\.bias$/, 0],
  [/\.filter$/, 1],
  [/^codebook\.table$/, 1],
];
