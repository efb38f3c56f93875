// SpanBERT's span boundary objective: the characters of a span from the two tokens beside it and their place. (Joshi et al. 2020,
// section 3.2, and models/pair_bert.py of its code: external end points, at most 20 targets a span)
import type { Span } from "@beitjs/masking";
import { scope, tensor, zeros, type Backend, type Tensor } from "@beitjs/tensor-core";
import {
  embedding,
  fanInUniform,
  initLinear,
  layerNorm,
  initLayerNorm,
  linear,
  normal,
  type LayerNormParams,
  type LinearParams,
} from "@beitjs/tensor-core/nn";
import { addScaled, gatherRows, gelu, linearCrossEntropy } from "@beitjs/tensor-core/ops";
import type { Rng } from "@beitjs/tensor-core/random";
import { initTransform, transform, type BertConfig, type TransformParams } from "./model.ts";

/** Targets of a span; those further from its left end are left out. */
export const MOST_TARGETS = 20;
const POSITION_WIDTH = 200;
const EPSILON = 1e-12;

export type BoundaryParams = {
  /** [20, 200]: the place of a target, counted from the left of its span */
  readonly positions: Tensor;
  /** W1 of the paper in three parts, for the left token, the right token and the place; the bias is the first's. */
  readonly left: LinearParams;
  readonly right: { readonly weight: Tensor };
  readonly place: { readonly weight: Tensor };
  readonly norm: LayerNormParams;
  readonly transform: TransformParams;
  readonly bias: Tensor;
};

/** A hidden token, and the rows of the tokens beside its span. */
export type BoundaryTarget = {
  readonly left: number;
  readonly right: number;
  /** From 0. */
  readonly place: number;
  readonly token: number;
};

export function initBoundary({ width, vocabSize }: BertConfig, rng: Rng, backend: Backend): BoundaryParams {
  const inputs = 2 * width + POSITION_WIDTH;
  // One matrix of the paper, drawn as one: its parts start as wide as the whole.
  const whole = fanInUniform(rng, [width, inputs]);
  const columns = (from: number, length: number): { readonly weight: Tensor } => {
    const values = Float32Array.from(
      { length: width * length },
      (_, i) => whole[Math.floor(i / length) * inputs + from + (i % length)],
    );
    return { weight: tensor(values, [width, length], backend) };
  };
  const table = normal(rng, [MOST_TARGETS, POSITION_WIDTH], { std: 0.02 });
  return {
    positions: tensor(table, [MOST_TARGETS, POSITION_WIDTH], backend),
    left: { ...columns(0, width), bias: initLinear({ inputs: 1, outputs: width }, rng, backend).bias },
    right: columns(width, width),
    place: columns(2 * width, POSITION_WIDTH),
    norm: initLayerNorm(width, backend),
    transform: initTransform(width, rng, backend),
    bias: zeros([vocabSize], backend),
  };
}

/**
 * What a sequence's spans give to predict: nothing for a span that begins with the first or ends with the last token, which has
 * no token on one side.
 *
 * @param first row of the sequence's first token
 * @param tokens the sequence before it was corrupted
 */
export function boundaryTargets(spans: readonly Span[], tokens: ArrayLike<number>, first: number): BoundaryTarget[] {
  return spans
    .filter(({ start, end }) => start > 0 && end < tokens.length)
    .flatMap(({ start, end }) =>
      Array.from({ length: Math.min(end - start, MOST_TARGETS) }, (_, place) => ({
        left: first + start - 1,
        right: first + end,
        place,
        token: tokens[start + place],
      })),
    );
}

/** Mean cross-entropy over the targets. rows [M, D] of all tokens, characters [V, D] -> [] */
export function boundaryLoss(
  params: BoundaryParams,
  rows: Tensor,
  characters: Tensor,
  targets: readonly BoundaryTarget[],
): Tensor {
  const { backend } = rows;
  const ids = (of: (target: BoundaryTarget) => number): Tensor =>
    tensor(targets.map(of), [targets.length], backend, "int32");
  return scope(backend, () => {
    const parts = [
      linear(
        gatherRows(
          rows,
          ids(({ left }) => left),
        ),
        params.left,
      ),
      linear(
        gatherRows(
          rows,
          ids(({ right }) => right),
        ),
        params.right,
      ),
      linear(
        embedding(
          params.positions,
          ids(({ place }) => place),
        ),
        params.place,
      ),
    ];
    const hidden = layerNorm(gelu(parts.reduce((sum, part) => addScaled(sum, part))), params.norm, {
      epsilon: EPSILON,
    });
    const head = { weight: characters, bias: params.bias };
    return linearCrossEntropy(
      transform(params.transform, hidden),
      head,
      ids(({ token }) => token),
    ).loss;
  });
}
