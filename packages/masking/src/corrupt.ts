// Corruption of token ids for masked language modeling: 80% the mask token, 10% a random token, 10% kept. By token as in
// BERT (Devlin et al. 2019, section 3.1; create_pretraining_data.py) or by span as in SpanBERT (Joshi et al. 2020).
import { permutation } from "@beitjs/tensor-core/random";
import type { Rng } from "@beitjs/tensor-core/random";
import { roundToEven } from "./arithmetic.ts";
import type { SpanMask } from "./span.ts";

export type ReplacementOptions = {
  /** Id of [MASK]. */
  readonly maskToken: number;
  /** Random tokens are uniform in [0, vocabSize): special ones and the original included, as in BERT. */
  readonly vocabSize: number;
};

export type BertOptions = ReplacementOptions & {
  /** Ids that are never chosen: [CLS] and [SEP]. They still count for the length. */
  readonly specialTokens: readonly number[];
  /** Share of the tokens to choose; in (0, 1], 0.15 by default. */
  readonly ratio?: number;
  /** Most tokens to choose, 20 by default. */
  readonly maxPredictions?: number;
  /** Whole-word masking: [length], 1 where a word starts. By default each token is a word. */
  readonly wordStarts?: ArrayLike<number>;
};

export type SpanReplacementOptions = ReplacementOptions & {
  /** Draw once for a whole span (the default, as published) or for each token of it. */
  readonly replacement?: "span" | "token";
};

export type CorruptedTokens = {
  /** The input of the model. */
  readonly tokens: Int32Array;
  /** The original token where one was chosen, -1 elsewhere: the loss skips those. */
  readonly labels: Int32Array;
  /** Chosen positions, the kept ones included. */
  readonly count: number;
};

/**
 * Chooses min(maxPredictions, max(1, round(ratio * length))) tokens in random order and corrupts each one on its own.
 * With whole words, a word that would exceed the number is passed over, so fewer may be chosen. Throws a RangeError for
 * options out of range and for a sequence of special tokens only.
 */
export function bertCorrupt(tokens: ArrayLike<number>, options: BertOptions, rng: Rng): CorruptedTokens {
  const { specialTokens, ratio = 0.15, maxPredictions = 20, wordStarts } = options;
  checkReplacement("bertCorrupt", options);
  if (!(ratio > 0 && ratio <= 1)) throw new RangeError(`[bertCorrupt] expected ratio in (0, 1], got ${ratio}`);
  if (!Number.isInteger(maxPredictions) || maxPredictions < 1) {
    throw new RangeError(`[bertCorrupt] expected maxPredictions to be an integer >= 1, got ${maxPredictions}`);
  }
  if (wordStarts !== undefined && wordStarts.length !== tokens.length) {
    throw new RangeError(`[bertCorrupt] expected ${tokens.length} word starts, got ${wordStarts.length}`);
  }
  const words = candidateWords(tokens, new Set(specialTokens), wordStarts);
  if (words.length === 0) {
    throw new RangeError(`[bertCorrupt] expected a token that is not special among ${tokens.length}, got none`);
  }
  const budget = Math.min(maxPredictions, Math.max(1, roundToEven(ratio * tokens.length)));
  const result = untouched(tokens);
  let count = 0;
  for (const place of permutation(words.length, rng)) {
    const word = words[place];
    if (count + word.length > budget) continue;
    for (const position of word) replaceOne(result, position, options, rng);
    count += word.length;
    if (count === budget) break;
  }
  return { ...result, count };
}

/**
 * Corrupts the tokens of a span mask. For each span once: 80% all mask tokens, 10% all random, 10% unchanged; with
 * `replacement: "token"` for each token. Throws a RangeError for options out of range or a mask of another length.
 */
export function spanCorrupt(
  tokens: ArrayLike<number>,
  { cells, spans, count }: SpanMask,
  options: SpanReplacementOptions,
  rng: Rng,
): CorruptedTokens {
  checkReplacement("spanCorrupt", options);
  if (cells.length !== tokens.length) {
    throw new RangeError(`[spanCorrupt] expected a mask of ${tokens.length} tokens, got ${cells.length}`);
  }
  const result = untouched(tokens);
  for (const { start, end } of spans) {
    const choice = rng.uniform();
    for (let i = start; i < end; i++) {
      const own = options.replacement === "token" && i > start ? rng.uniform() : choice;
      result.labels[i] = result.tokens[i];
      if (own < 0.8) result.tokens[i] = options.maskToken;
      else if (own < 0.9) result.tokens[i] = rng.integer(options.vocabSize);
    }
  }
  return { ...result, count };
}

type Draft = { readonly tokens: Int32Array; readonly labels: Int32Array };

function untouched(tokens: ArrayLike<number>): Draft {
  return { tokens: Int32Array.from(tokens), labels: new Int32Array(tokens.length).fill(-1) };
}

function replaceOne({ tokens, labels }: Draft, position: number, options: ReplacementOptions, rng: Rng): void {
  labels[position] = tokens[position];
  if (rng.uniform() < 0.8) tokens[position] = options.maskToken;
  else if (rng.uniform() >= 0.5) tokens[position] = rng.integer(options.vocabSize);
}

// Positions of each word that may be chosen; a special token ends a word and is none itself.
function candidateWords(
  tokens: ArrayLike<number>,
  special: ReadonlySet<number>,
  wordStarts: ArrayLike<number> | undefined,
): number[][] {
  const words: number[][] = [];
  let open = false;
  for (let i = 0; i < tokens.length; i++) {
    const candidate = !special.has(tokens[i]);
    if (candidate && open && wordStarts !== undefined && wordStarts[i] !== 1) words[words.length - 1].push(i);
    else if (candidate) words.push([i]);
    open = candidate;
  }
  return words;
}

function checkReplacement(caller: string, { maskToken, vocabSize }: ReplacementOptions): void {
  if (!Number.isInteger(vocabSize) || vocabSize < 1 || !Number.isInteger(maskToken) || maskToken < 0) {
    throw new RangeError(
      `[${caller}] expected maskToken >= 0 and vocabSize >= 1, both integers, got ${maskToken} and ${vocabSize}`,
    );
  }
}
