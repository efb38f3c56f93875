// Whether an encoder and a tokenizer speak of the same patches and the same tokens.
import { gridOf, predictedTokens, type BeitConfig } from "@beitjs/beit-encoder";
import { tokenGridOf, type DvaeConfig } from "@beitjs/dvae-tokenizer";
import { formatGrid } from "@beitjs/tensor-core/grid";

/** What should be equal, and what it is on either side. */
type Pair = readonly [what: string, left: number | string, right: number | string];

/** The first of these that differs, in words. */
export function firstUnequal(pairs: readonly Pair[]): string | undefined {
  const [what, left, right] = pairs.find(([, a, b]) => a !== b) ?? [];
  return what === undefined ? undefined : `expected ${what}, got ${left} and ${right}`;
}

export function encoderAndTokenizer(model: BeitConfig, tokenizer: DvaeConfig): readonly Pair[] {
  return [
    ["patch grid and token grid to be the same", formatGrid(gridOf(model)), formatGrid(tokenGridOf(tokenizer))],
    ["vocabSize of the codebook's", predictedTokens(model), tokenizer.vocabSize],
    ["channels of the tokenizer's", model.channels, tokenizer.channels],
  ];
}

/** What keeps an encoder from predicting a tokenizer's tokens, in words; nothing where they fit. */
export function tokenizerMismatch(model: BeitConfig, tokenizer: DvaeConfig): string | undefined {
  return firstUnequal(encoderAndTokenizer(model, tokenizer));
}
