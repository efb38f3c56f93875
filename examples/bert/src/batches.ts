// Batches to pre-train and to fine-tune on: sequences of one length, so that nothing is padded.
import { bertCorrupt, spanCorrupt, spanMask } from "@beitjs/masking";
import type { Rng } from "@beitjs/tensor-core/random";
import { special, type Characters } from "./characters.ts";
import type { Sequences } from "./model.ts";
import { boundaryTargets, type BoundaryTarget } from "./span-boundary.ts";

export type Masking = "characters" | "spans";

/** What a batch hides: rows of the hidden tokens and what stood there. */
export type Hidden = {
  readonly rows: readonly number[];
  readonly tokens: readonly number[];
  readonly boundaries: readonly BoundaryTarget[];
};

export type PretrainingBatch = Sequences & {
  readonly hidden: Hidden;
  /** Whether each second passage goes on where the first one stops; empty where sequences are one passage. */
  readonly continues: readonly number[];
};

export type Corpus = { readonly documents: readonly Int32Array[]; readonly characters: Characters };

/** Documents that are long enough for a sequence. */
export function corpusOf(documents: readonly string[], characters: Characters, length: number): Corpus {
  const encoded = documents.map((document) => characters.encode(document.replaceAll("\n", " ")));
  const long = encoded.filter((document) => document.length >= length);
  if (long.length < 2) {
    throw new Error(`[corpusOf] expected two documents of ${length} characters or more, got ${long.length}`);
  }
  return { documents: long, characters };
}

type DrawOptions = {
  readonly batch: number;
  readonly length: number;
  readonly masking: Masking;
  readonly pairs: boolean;
};

export function drawPretraining(
  { documents, characters }: Corpus,
  { batch, length, masking, pairs }: DrawOptions,
  rng: Rng,
): PretrainingBatch {
  const tokens = new Int32Array(batch * length);
  const hidden = { rows: [] as number[], tokens: [] as number[], boundaries: [] as BoundaryTarget[] };
  const drawn = Array.from({ length: batch }, () =>
    pairs ? drawPair(documents, length, rng) : drawOne(documents, length, rng),
  );
  drawn.forEach(({ sequence }, i) => {
    const first = i * length;
    const masked = mask(sequence, masking, characters.vocabSize, rng);
    tokens.set(masked.tokens, first);
    masked.labels.forEach((label, place) => {
      if (label < 0) return;
      hidden.rows.push(first + place);
      hidden.tokens.push(label);
    });
    // [CLS] is no neighbor: a span at the passage's start has none on its left.
    hidden.boundaries.push(...boundaryTargets(masked.spans, sequence.subarray(1), first + 1));
  });
  return {
    tokens,
    secondStarts: drawn.map(({ second }) => second),
    hidden,
    continues: pairs ? drawn.map(({ continues }) => Number(continues)) : [],
  };
}

type Drawn = { readonly sequence: Int32Array; readonly second: number; readonly continues: boolean };

// [CLS] and a passage.
function drawOne(documents: readonly Int32Array[], length: number, rng: Rng): Drawn {
  const document = documents[rng.integer(documents.length)];
  const start = rng.integer(document.length - (length - 1) + 1);
  const sequence = Int32Array.from([special.cls, ...document.subarray(start, start + length - 1)]);
  return { sequence, second: length, continues: false };
}

// [CLS] A [SEP] B [SEP]: B goes on where A stops, or comes from another document, each in half of the pairs. (Devlin et al. 2019, task 2)
function drawPair(documents: readonly Int32Array[], length: number, rng: Rng): Drawn {
  const half = Math.floor((length - 3) / 2);
  const rest = length - 3 - half;
  const own = rng.integer(documents.length);
  const start = rng.integer(documents[own].length - (half + rest) + 1);
  const continues = rng.uniform() < 0.5;
  const a = documents[own].subarray(start, start + half);
  const other = documents[(own + 1 + rng.integer(documents.length - 1)) % documents.length];
  const from = rng.integer(other.length - rest + 1);
  const b = continues ? documents[own].subarray(start + half, start + half + rest) : other.subarray(from, from + rest);
  const sequence = Int32Array.from([special.cls, ...a, special.sep, ...b, special.sep]);
  return { sequence, second: half + 2, continues };
}

function mask(sequence: Int32Array, masking: Masking, vocabSize: number, rng: Rng) {
  const options = { maskToken: special.mask, vocabSize };
  if (masking === "characters") {
    const specialTokens = [special.cls, special.sep];
    const corrupted = bertCorrupt(sequence, { ...options, specialTokens, maxPredictions: sequence.length }, rng);
    return { ...corrupted, spans: [] };
  }
  // SpanBERT has no pairs, so that [CLS] is the only token that no span may take.
  const inner = sequence.subarray(1);
  const found = spanMask(inner.length, {}, rng);
  const corrupted = spanCorrupt(inner, found, options, rng);
  return {
    tokens: Int32Array.from([special.cls, ...corrupted.tokens]),
    labels: Int32Array.from([-1, ...corrupted.labels]),
    spans: found.spans,
  };
}

/** Passages and their classes. */
export type Labeled = { readonly passages: readonly Int32Array[]; readonly classes: readonly number[] };

/** Sequences of [CLS] and a passage each. */
export function sequencesOf(passages: readonly Int32Array[]): Sequences {
  const length = passages[0].length + 1;
  const tokens = new Int32Array(passages.length * length);
  passages.forEach((passage, i) => {
    tokens[i * length] = special.cls;
    tokens.set(passage, i * length + 1);
  });
  return { tokens, secondStarts: passages.map(() => length) };
}
