// Span masking of SpanBERT (Joshi et al. 2020, section 3.1), after its pretraining/fairseq/data/masking.py: spans of whole
// words, with lengths from a truncated geometric distribution, until 15% of the tokens are masked.
import type { Rng } from "@beitjs/tensor-core/random";

export type SpanLengthOptions = {
  /** Chance that a span ends after each word; 0.2 by default, as published. */
  readonly endProbability?: number;
  /** Most words of a span, 10 by default. */
  readonly maxWords?: number;
};

export type SpanMaskOptions = SpanLengthOptions & {
  /** Share of the tokens to mask, rounded up; in (0, 1], 0.15 by default. */
  readonly ratio?: number;
  /** [length], 1 where a word starts (BERT: every token but the `##` pieces). By default each token is a word. */
  readonly wordStarts?: ArrayLike<number>;
};

/** Tokens from `start` up to but without `end`. */
export type Span = { readonly start: number; readonly end: number };

export type SpanMask = {
  /** [length], 1 = masked. */
  readonly cells: Uint8Array;
  readonly count: number;
  /** Masked runs in order; spans that touch or overlap are one. Each starts where a word starts. */
  readonly spans: readonly Span[];
};

/**
 * P(length) of spans of 1, 2, ... maxWords words: p (1 - p)^(l - 1), divided by its sum. Not clipped: the tail is
 * shared out, so the mean at 0.2 and 10 is 3.80. Throws a RangeError unless 0 < p < 1 and maxWords is an integer >= 1.
 */
export function spanLengthProbabilities(options: SpanLengthOptions = {}): Float64Array {
  const { endProbability = 0.2, maxWords = 10 } = options;
  if (!(endProbability > 0 && endProbability < 1)) {
    throw new RangeError(`[spanLengthProbabilities] expected endProbability in (0, 1), got ${endProbability}`);
  }
  if (!Number.isInteger(maxWords) || maxWords < 1 || maxWords > 65536) {
    throw new RangeError(`[spanLengthProbabilities] expected maxWords to be an integer in [1, 65536], got ${maxWords}`);
  }
  const weights = Float64Array.from({ length: maxWords }, (_, i) => endProbability * (1 - endProbability) ** i);
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/** Words of one span, drawn from `probabilities` of the lengths 1, 2, ...; one word of the rng. */
export function drawSpanLength(probabilities: ArrayLike<number>, rng: Rng): number {
  const u = rng.uniform();
  let sum = 0;
  for (let i = 0; i < probabilities.length - 1; i++) {
    sum += probabilities[i];
    if (u < sum) return i + 1;
  }
  return probabilities.length;
}

/**
 * Masks exactly ceil(ratio * length) tokens in spans of whole words. A span starts at the head of the word that an
 * anchor falls in and takes words until its drawn length, the end of the sequence, or the budget, which may cut its last
 * word. Pass a sequence without [CLS] and [SEP]. Throws a RangeError for an empty sequence, options out of range, or word
 * starts of another length or not beginning with 1.
 */
export function spanMask(length: number, options: SpanMaskOptions, rng: Rng): SpanMask {
  if (!Number.isInteger(length) || length < 1) {
    throw new RangeError(`[spanMask] expected length to be an integer of at least 1, got ${length}`);
  }
  const { ratio = 0.15 } = options;
  if (!(ratio > 0 && ratio <= 1)) throw new RangeError(`[spanMask] expected ratio in (0, 1], got ${ratio}`);
  const heads = wordHeads(length, options.wordStarts);
  const probabilities = spanLengthProbabilities(options);
  const budget = Math.ceil(ratio * length);
  const cells = new Uint8Array(length);
  let count = 0;
  while (count < budget) {
    let words = drawSpanLength(probabilities, rng);
    const anchor = rng.integer(length);
    if (cells[anchor] === 1) continue;
    for (let i = heads[anchor]; i < length && count < budget; i++) {
      if (heads[i] === i && words-- === 0) break;
      count += 1 - cells[i];
      cells[i] = 1;
    }
  }
  return { cells, count, spans: maskedRuns(cells) };
}

// For each token, where its word starts.
function wordHeads(length: number, wordStarts: ArrayLike<number> | undefined): Uint32Array {
  if (wordStarts === undefined) return Uint32Array.from({ length }, (_, i) => i);
  if (wordStarts.length !== length || wordStarts[0] !== 1) {
    throw new RangeError(
      `[spanMask] expected ${length} word starts, the first of them 1, got ${wordStarts.length} from ${wordStarts[0]}`,
    );
  }
  let head = 0;
  return Uint32Array.from({ length }, (_, i) => {
    if (wordStarts[i] === 1) head = i;
    return head;
  });
}

function maskedRuns(cells: Uint8Array): Span[] {
  const spans: Span[] = [];
  for (let start = 0; start < cells.length; start++) {
    if (cells[start] === 0) continue;
    let end = start + 1;
    while (end < cells.length && cells[end] === 1) end++;
    spans.push({ start, end });
    start = end;
  }
  return spans;
}
