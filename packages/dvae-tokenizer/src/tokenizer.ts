// The tokenizer as it is used: images to a grid of visual tokens and back. Ids are 0-based and never sampled: the
// largest logit wins, without noise or temperature. (BEiT §2.1.2, DALL-E paper §2.2)
import { leaves, scope, tensor, zeros, type Backend, type Tensor } from "@beitjs/tensor-core";
import { imageShape } from "@beitjs/tensor-core/grid";
import {
  addBias,
  embedding,
  linearArgmax,
  matmul,
  reshape,
  sigmoid,
  sliceChannels,
  softmax,
} from "@beitjs/tensor-core/ops";
import type { Conv2dParams } from "@beitjs/tensor-core/nn";
import type { Rng } from "@beitjs/tensor-core/random";
import { tokenGridOf, validateDvaeConfig, type DallEConfig, type DvaeConfig, type StridedConfig } from "./config.ts";
import {
  dallEDecoder,
  initDallEDecoder,
  initStridedDecoder,
  stridedDecoder,
  type DallEDecoderParams,
  type StridedDecoderParams,
} from "./decoder.ts";
import {
  dallEEncoder,
  dallETrunk,
  initDallEEncoder,
  initStridedEncoder,
  stridedEncoder,
  stridedTrunk,
  type DallEEncoderParams,
  type StridedEncoderParams,
} from "./encoder.ts";
import { normalConv, uniformConv, uniformTransposedConv, type InitConv } from "./init-conv.ts";
import { mapPixels, unmapPixels } from "./pixels.ts";

/** Codebook [V, D]; DALL-E's, a 1x1 convolution over one-hot vectors, also has a bias [D]. */
export type CodebookParams = { readonly table: Tensor; readonly bias?: Tensor | undefined };

export type DallEParams = {
  readonly encoder: DallEEncoderParams;
  readonly codebook: CodebookParams;
  readonly decoder: DallEDecoderParams;
};
export type StridedParams = {
  readonly encoder: StridedEncoderParams;
  readonly codebook: CodebookParams;
  readonly decoder: StridedDecoderParams;
};
export type DvaeParams = DallEParams | StridedParams;

/** A discrete VAE. The config says which parameters there are. */
export type Tokenizer = { readonly config: DvaeConfig; readonly params: DvaeParams };

/** What it takes to tokenize: no codebook, no decoder. */
export type TokenizerEncoder = {
  readonly config: DvaeConfig;
  readonly params: { readonly encoder: DallEEncoderParams | StridedEncoderParams };
};

/**
 * A tokenizer with fresh parameters, initialized as the original of its architecture.
 *
 * @throws `[dvae] expected <path> …` for a config that cannot be
 */
export function initTokenizer(config: DvaeConfig, rng: Rng, backend: Backend): Tokenizer {
  const table =
    (std: number): InitTable =>
    (shape) =>
      tensor(
        Float32Array.from({ length: shape[0] * shape[1] }, () => std * rng.normal()),
        shape,
        backend,
      );
  return config.architecture === "dall-e"
    ? buildTokenizer(config, { conv: normalConv(rng, backend), table: table(1 / Math.sqrt(config.vocabSize)) }, backend)
    : buildTokenizer(
        config,
        { conv: uniformConv(rng, backend), up: uniformTransposedConv(rng, backend), table: table(1) },
        backend,
      );
}

type InitBias = (shape: readonly [number]) => Tensor;

type InitTable = (shape: readonly [number, number]) => Tensor;

/** @internal The parameters of a config, each made by the given initializers. */
export function buildTokenizer(
  config: DvaeConfig,
  init: { readonly conv: InitConv; readonly up?: InitConv; readonly table: InitTable; readonly bias?: InitBias },
  backend: Backend,
): Tokenizer {
  validateDvaeConfig(config);
  const { vocabSize, codebookWidth } = config;
  if (config.architecture === "dall-e") {
    const encoder = initDallEEncoder(config, init.conv);
    const bias = (init.bias ?? ((shape) => zeros(shape, backend)))([codebookWidth]);
    const codebook = { table: init.table([vocabSize, codebookWidth]), bias };
    return { config, params: { encoder, codebook, decoder: initDallEDecoder(config, init.conv) } };
  }
  const encoder = initStridedEncoder(config, init.conv);
  const codebook = { table: init.table([vocabSize, codebookWidth]) };
  return {
    config,
    params: { encoder, codebook, decoder: initStridedDecoder(config, init.conv, init.up ?? init.conv) },
  };
}

/**
 * Visual tokens of images. [B, H, W, C] in [0, 1] -> int32 [B, rows, cols], each below vocabSize.
 *
 * @throws `[tokenize] expected [B, H, W, C], got …`
 */
export function tokenize(tokenizer: TokenizerEncoder, images: Tensor): Tensor {
  const { config, params } = tokenizer;
  checkImages(config, images);
  return scope(images.backend, () => {
    const mapped = mapPixels(images, config.pixelRange);
    // A 1x1 convolution is an affine map of every cell, whose logits nobody needs.
    const { last, cells } = beforeLogits(config, params, mapped);
    const { filter, bias } = last;
    return linearArgmax(cells, { weight: reshape(filter, [filter.shape[0], filter.shape[3]]), bias });
  });
}

/**
 * Makes ahead of the first `tokenize` what its backend keeps of the parameters (packed, transformed), so that the first call
 * is as fast as the others; without it the first call does so. `openTokenizerEncoder` has done it.
 */
export function prepareTokenizer(tokenizer: TokenizerEncoder): void {
  const [[, { backend }]] = leaves<Tensor>(tokenizer.params.encoder);
  backend.prepare?.(() =>
    scope(backend, () => {
      tokenize(tokenizer, zeros(imageShape(1, tokenizer.config), backend));
    }),
  );
}

/** Logits over the codebook at every grid cell. [B, H, W, C] in [0, 1] -> [B, rows, cols, V] */
export function tokenLogits({ config, params }: TokenizerEncoder, images: Tensor): Tensor {
  checkImages(config, images);
  return scope(images.backend, () => encodeLogits(config, params, mapPixels(images, config.pixelRange)));
}

/** Probabilities over the codebook at every grid cell. [B, H, W, C] in [0, 1] -> [B, rows, cols, V] */
export function tokenProbabilities(tokenizer: TokenizerEncoder, images: Tensor): Tensor {
  return scope(images.backend, () => softmax(tokenLogits(tokenizer, images)));
}

/**
 * Images from visual tokens. int32 [B, rows, cols] -> [B, H, W, C] in [0, 1]
 *
 * @throws `[detokenize] expected [B, rows, cols], got …`
 */
export function detokenize({ config, params }: Tokenizer, visualTokens: Tensor): Tensor {
  const { rows, cols } = tokenGridOf(config);
  const [, height, width] = visualTokens.shape;
  if (visualTokens.shape.length !== 3 || height !== rows || width !== cols) {
    throw new Error(`[detokenize] expected [B, ${rows}, ${cols}], got [${visualTokens.shape.join(", ")}]`);
  }
  return scope(visualTokens.backend, () =>
    toImages(config, decode(config, params, lookUp(params.codebook, visualTokens))),
  );
}

/** Images from weights over the codebook (relaxed or predicted tokens). [B, rows, cols, V] -> [B, H, W, C] in [0, 1] */
export function detokenizeMixture({ config, params }: Tokenizer, weights: Tensor): Tensor {
  return scope(weights.backend, () => toImages(config, decodeMixture(config, params, weights)));
}

/** Images in the network's range -> logits [B, rows, cols, V]; for training. */
export function encodeLogits(config: DvaeConfig, { encoder }: TokenizerEncoder["params"], mapped: Tensor): Tensor {
  if (config.architecture === "dall-e") return dallEEncoder(encoder as DallEEncoderParams, mapped, config);
  return stridedEncoder(encoder as StridedEncoderParams, mapped);
}

/** The last 1x1 convolution and what goes into it [B, rows, cols, C]. */
function beforeLogits(
  config: DvaeConfig,
  { encoder }: TokenizerEncoder["params"],
  mapped: Tensor,
): { readonly last: Conv2dParams; readonly cells: Tensor } {
  if (config.architecture === "dall-e") {
    const params = encoder as DallEEncoderParams;
    return { last: params.output, cells: dallETrunk(params, mapped, config) };
  }
  const params = encoder as StridedEncoderParams;
  return { last: params.logits, cells: stridedTrunk(params, mapped) };
}

/** Weights over the codebook [B, rows, cols, V] -> the decoder's output [B, H, W, C or 2 C]; for training. */
export function decodeMixture(config: DvaeConfig, params: DvaeParams, weights: Tensor): Tensor {
  const { table, bias } = params.codebook;
  const mixed = matmul(weights, table); // [B, rows, cols, D]
  return decode(config, params, bias ? addBias(mixed, bias) : mixed);
}

function decode(config: DallEConfig | StridedConfig, params: DvaeParams, vectors: Tensor): Tensor {
  if (config.architecture === "dall-e") return dallEDecoder((params as DallEParams).decoder, vectors, config);
  return stridedDecoder((params as StridedParams).decoder, vectors);
}

function lookUp({ table, bias }: CodebookParams, visualTokens: Tensor): Tensor {
  const vectors = embedding(table, visualTokens); // [B, rows, cols, D]
  return bias ? addBias(vectors, bias) : vectors;
}

function toImages(config: DvaeConfig, output: Tensor): Tensor {
  if (config.reconstruction !== "logit-laplace") return unmapPixels(output, config.pixelRange);
  return unmapPixels(sigmoid(sliceChannels(output, { start: 0, length: config.channels })), config.pixelRange);
}

function checkImages(config: DvaeConfig, images: Tensor): void {
  const [, ...expected] = imageShape(1, config);
  if (images.shape.length !== 4 || expected.some((side, i) => side !== images.shape[i + 1])) {
    throw new Error(`[tokenize] expected [B, ${expected.join(", ")}], got [${images.shape.join(", ")}]`);
  }
}
