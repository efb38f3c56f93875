// What is learned without labels, and then with a few: losses over the encoder's rows. (Devlin et al. 2019, section 3.1; Joshi et al.
// 2020, section 3)
import { scope, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { initLinear, linear, normal, type LinearParams } from "@beitjs/tensor-core/nn";
import {
  addScaled,
  argmax,
  crossEntropy,
  gatherRows,
  linearCrossEntropy,
  meanTokens,
  reshape,
  scaleShift,
  sigmoid,
} from "@beitjs/tensor-core/ops";
import type { Rng } from "@beitjs/tensor-core/random";
import { sequencesOf, type Labeled, type Masking, type PretrainingBatch } from "./batches.ts";
import {
  encodeText,
  initBert,
  initCharacterHead,
  transform,
  type BertConfig,
  type BertParams,
  type CharacterHeadParams,
} from "./model.ts";
import { boundaryLoss, initBoundary, type BoundaryParams } from "./span-boundary.ts";

export type ObjectiveOptions = {
  readonly masking: Masking;
  /** SpanBERT's: spans from the tokens beside them. */
  readonly spanBoundary: boolean;
  /** BERT's: whether the second passage goes on where the first one stops. */
  readonly nextSentence: boolean;
};

/** The objectives of the article, by the names of the command line. */
export const objectives = {
  mlm: { masking: "characters", spanBoundary: false, nextSentence: false },
  "mlm+nsp": { masking: "characters", spanBoundary: false, nextSentence: true },
  span: { masking: "spans", spanBoundary: false, nextSentence: false },
  "span+sbo": { masking: "spans", spanBoundary: true, nextSentence: false },
} as const satisfies Readonly<Record<string, ObjectiveOptions>>;

export type ObjectiveName = keyof typeof objectives;

export type PretrainingParams = {
  readonly bert: BertParams;
  readonly characterHead: CharacterHeadParams;
  readonly boundary?: BoundaryParams;
  /** pooler: tanh of a layer over [CLS]; answer: whether the second passage follows. */
  readonly nextSentence?: { readonly pooler: LinearParams; readonly answer: LinearParams };
};

export type ClassifierParams = { readonly bert: BertParams; readonly classHead: LinearParams };

export function initPretraining(
  config: BertConfig,
  { spanBoundary, nextSentence }: ObjectiveOptions,
  rng: Rng,
  backend: Backend,
): PretrainingParams {
  const { width } = config;
  return {
    bert: initBert(config, rng, backend),
    characterHead: initCharacterHead(config, rng, backend),
    ...(spanBoundary && { boundary: initBoundary(config, rng, backend) }),
    ...(nextSentence && {
      nextSentence: {
        pooler: initLinear({ inputs: width, outputs: width }, rng, backend),
        answer: initLinear({ inputs: width, outputs: 2 }, rng, backend),
      },
    }),
  };
}

/** A class head over an encoder, which is taken as it is. */
export function initClassHead(bert: BertParams, classes: number, rng: Rng): ClassifierParams {
  const [, width] = bert.characters.shape;
  const weight = (own: Rng, shape: readonly number[]) => normal(own, shape, { std: 0.02 });
  return { bert, classHead: initLinear({ inputs: width, outputs: classes, weight }, rng, bert.characters.backend) };
}

/** `loss` is the sum of the others, each a mean over its predictions. */
export type PretrainingLoss = { readonly loss: Tensor; readonly hidden: Tensor };

export function pretrainingLoss(
  params: PretrainingParams,
  config: BertConfig,
  batch: PretrainingBatch,
): PretrainingLoss {
  const { characters } = params.bert;
  const { backend } = characters;
  return scope(backend, () => {
    const rows = encodeText(params.bert, config, batch);
    const chosen = gatherRows(rows, vector(batch.hidden.rows, backend));
    const head = { weight: characters, bias: params.characterHead.bias };
    const features = transform(params.characterHead.transform, chosen);
    const { loss: hidden } = linearCrossEntropy(features, head, vector(batch.hidden.tokens, backend));
    let loss = hidden;
    const { boundaries } = batch.hidden;
    if (params.boundary && boundaries.length > 0) {
      // The sum over all pairs is divided by one more than they are. (criterions/spanbert_loss.py)
      const scale = boundaries.length / (boundaries.length + 1);
      loss = addScaled(loss, boundaryLoss(params.boundary, rows, characters, boundaries), { scale });
    }
    if (params.nextSentence)
      loss = addScaled(loss, nextSentenceLoss(params.nextSentence, rows, config, batch.continues));
    return { loss, hidden };
  });
}

function nextSentenceLoss(
  { pooler, answer }: NonNullable<PretrainingParams["nextSentence"]>,
  rows: Tensor,
  { length }: BertConfig,
  continues: readonly number[],
): Tensor {
  const { backend } = rows;
  const classRows = vector(
    continues.map((_, i) => i * length),
    backend,
  );
  const pooled = tanh(linear(gatherRows(rows, classRows), pooler));
  return crossEntropy(linear(pooled, answer), vector(continues, backend));
}

/** Logits of passages' classes: a layer over the mean of their tokens. -> [B, classes] */
function classLogits({ bert, classHead }: ClassifierParams, config: BertConfig, passages: Labeled["passages"]): Tensor {
  const rows = encodeText(bert, config, sequencesOf(passages));
  const tokens = reshape(rows, [passages.length, config.length, config.width]);
  return linear(meanTokens(tokens), classHead);
}

/** Cross-entropy of passages' classes. -> [] */
export function classLoss(
  params: ClassifierParams,
  config: BertConfig,
  { passages, classes }: Labeled,
): { loss: Tensor } {
  const { backend } = params.classHead.weight;
  return scope(backend, () => ({
    loss: crossEntropy(classLogits(params, config, passages), vector(classes, backend)),
  }));
}

/** Share of the passages whose class is guessed. */
export async function accuracy(
  params: ClassifierParams,
  config: BertConfig,
  { passages, classes }: Labeled,
  batch = 32,
): Promise<number> {
  let right = 0;
  for (let start = 0; start < passages.length; start += batch) {
    const guesses = scope(params.classHead.weight.backend, () =>
      argmax(classLogits(params, config, passages.slice(start, start + batch))),
    );
    (await guesses.read()).forEach((guess, i) => (right += Number(guess === classes[start + i])));
    guesses.dispose();
  }
  return right / passages.length;
}

// tanh x = 2 sigmoid(2x) - 1
function tanh(x: Tensor): Tensor {
  return scaleShift(sigmoid(scaleShift(x, { scale: 2, shift: 0 })), { scale: 2, shift: -1 });
}

function vector(values: readonly number[], backend: Backend): Tensor {
  return tensor(values, [values.length], backend, "int32");
}
