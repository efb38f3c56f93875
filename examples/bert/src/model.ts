// BERT's encoder from our blocks: characters, positions and segments instead of patches. (Devlin et al. 2019, section 3; the blocks
// normalize before each branch, as BEiT's do, where BERT's normalize after it)
import { block, type BlockParams } from "@beitjs/beit-encoder";
import { scope, tensor, zeros, type Backend, type Tensor } from "@beitjs/tensor-core";
import {
  embedding,
  initAttention,
  initLayerNorm,
  initLinear,
  initMlp,
  layerNorm,
  linear,
  normal,
  type Initializer,
  type LayerNormParams,
  type LinearParams,
} from "@beitjs/tensor-core/nn";
import { addScaled, gelu, relativePositionBias, reshape } from "@beitjs/tensor-core/ops";
import type { Rng } from "@beitjs/tensor-core/random";

export type BertConfig = {
  readonly vocabSize: number;
  /** Tokens of a sequence, special ones among them. */
  readonly length: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
};

export type BertParams = {
  /** [V, D]; also the weights that predict characters */
  readonly characters: Tensor;
  /** [N, D] */
  readonly positions: Tensor;
  /** [2 N - 1, H]: what a head adds to its scores at a distance (query minus key), as in BEiT. */
  readonly distances: Tensor;
  /** [2, D]: the first and the second passage of a pair */
  readonly segments: Tensor;
  readonly embeddingNorm: LayerNormParams;
  readonly blocks: readonly BlockParams[];
  readonly norm: LayerNormParams;
};

/** Token ids of B sequences of N, one after another, and where each second passage begins (N: there is none). */
export type Sequences = { readonly tokens: Int32Array; readonly secondStarts: ArrayLike<number> };

const EPSILON = 1e-12;
const std: Initializer = (rng, shape) => normal(rng, shape, { std: 0.02 });
/** Blocks of this width learn faster from a wider start than BERT's 0.02, which suits 768. */
const blockStd: Initializer = (rng, shape) => normal(rng, shape, { std: 0.05 });

export function initBert(
  { vocabSize, length, width, depth, heads }: BertConfig,
  rng: Rng,
  backend: Backend,
): BertParams {
  const table = (rows: number): Tensor => tensor(std(rng, [rows, width]), [rows, width], backend);
  const initBlock = (): BlockParams => ({
    norm1: initLayerNorm(width, backend),
    attention: initAttention({ width, weight: blockStd }, rng, backend),
    norm2: initLayerNorm(width, backend),
    mlp: initMlp({ width, hidden: 4 * width, weight: blockStd }, rng, backend),
  });
  return {
    characters: table(vocabSize),
    positions: table(length),
    distances: initDistances({ length, heads }, backend),
    segments: table(2),
    embeddingNorm: initLayerNorm(width, backend),
    blocks: Array.from({ length: depth }, initBlock),
    norm: initLayerNorm(width, backend),
  };
}

/** Where the heads look first, and how much they do. */
const firstNeighbors = [1, -1, 2, -2];
const FIRST_SCORE = 4;

// Each head begins with a taste for one neighbor. From none a small encoder takes thousands of steps to find out that there are any.
function initDistances({ length, heads }: Pick<BertConfig, "length" | "heads">, backend: Backend): Tensor {
  const table = new Float32Array((2 * length - 1) * heads);
  for (let head = 0; head < heads; head++) {
    table[(firstNeighbors[head % firstNeighbors.length] + length - 1) * heads + head] = FIRST_SCORE;
  }
  return tensor(table, [2 * length - 1, heads], backend);
}

/** Tokens after the last norm, one row each. [B * N, D] */
export function encodeText(params: BertParams, { heads, length, width }: BertConfig, sequences: Sequences): Tensor {
  const { backend } = params.characters;
  const batch = sequences.tokens.length / length;
  const shape = [batch, length];
  const ids = (of: (sequence: number, place: number) => number): Tensor =>
    tensor(
      Int32Array.from(sequences.tokens, (_, i) => of(Math.floor(i / length), i % length)),
      shape,
      backend,
      "int32",
    );
  return scope(backend, () => {
    const sum = [
      embedding(params.characters, tensor(sequences.tokens, shape, backend, "int32")),
      embedding(
        params.positions,
        ids((_, place) => place),
      ),
      embedding(
        params.segments,
        ids((sequence, place) => Number(place >= sequences.secondStarts[sequence])),
      ),
    ].reduce((total, part) => addScaled(total, part));
    const embedded = layerNorm(sum, params.embeddingNorm, { epsilon: EPSILON });
    const distance = Int32Array.from(
      { length: length ** 2 },
      (_, i) => Math.floor(i / length) - (i % length) + length - 1,
    );
    const bias = relativePositionBias(params.distances, tensor(distance, [length, length], backend, "int32"));
    const encoded = params.blocks.reduce((x, own) => block(own, { x, bias }, { heads, epsilon: EPSILON }), embedded);
    return reshape(layerNorm(encoded, params.norm, { epsilon: EPSILON }), [batch * length, width]);
  });
}

/** A layer before predictions: LN(GELU(x W + b)). */
export type TransformParams = { readonly dense: LinearParams; readonly norm: LayerNormParams };

export function initTransform(width: number, rng: Rng, backend: Backend): TransformParams {
  return {
    dense: initLinear({ inputs: width, outputs: width, weight: blockStd }, rng, backend),
    norm: initLayerNorm(width, backend),
  };
}

/** [M, D] -> [M, D] */
export function transform({ dense, norm }: TransformParams, x: Tensor): Tensor {
  return layerNorm(gelu(linear(x, dense)), norm, { epsilon: EPSILON });
}

/** What predicts characters by the table they are embedded with. */
export type CharacterHeadParams = { readonly transform: TransformParams; readonly bias: Tensor };

export function initCharacterHead({ width, vocabSize }: BertConfig, rng: Rng, backend: Backend): CharacterHeadParams {
  return { transform: initTransform(width, rng, backend), bias: zeros([vocabSize], backend) };
}
