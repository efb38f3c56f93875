// The parameters of a BEiT: which there are, and their shapes. One list serves initialization, loading and counting.
import { sizeOf, type Shape, type Tensor } from "@beitjs/tensor-core";
import type { AttentionParams, LayerNormParams, LinearParams, MlpParams } from "@beitjs/tensor-core/nn";
import { gridOf, hiddenWidth, patchCount, poolingNormOf, type BeitConfig, type DecoderConfig } from "./config.ts";
import { tableRows } from "./positions/relative.ts";

export type BlockParams = {
  readonly norm1: LayerNormParams;
  readonly attention: AttentionParams;
  /** Layer scale of the attention branch [D]. */
  readonly scale1?: Tensor;
  readonly norm2: LayerNormParams;
  readonly mlp: MlpParams;
  /** Layer scale of the perceptron branch [D]. */
  readonly scale2?: Tensor;
};

/** Of a model whose encoder sees only some patches. */
export type DecoderParams = {
  /** From the encoder's width to the decoder's. */
  readonly embedding: LinearParams;
  /** At the places of hidden patches. */
  readonly maskToken: Tensor;
  readonly blocks: readonly BlockParams[];
  readonly norm: LayerNormParams;
  /** Logits of visual tokens, or the pixels of a patch, row by row, channels last. */
  readonly head: LinearParams;
};

export type BeitParams = {
  /** Pixels of a patch, row by row, channels last, to the width: weight [D, P·P·C]. */
  readonly patchEmbedding: LinearParams;
  readonly classToken: Tensor;
  readonly maskToken?: Tensor;
  /** [N + 1, D]; row 0 belongs to the class token. */
  readonly positions?: Tensor;
  /** [R, D] */
  readonly registers?: Tensor;
  /** Table of relative positions [R, H], where all layers share one. */
  readonly relativePositionBias?: Tensor;
  readonly blocks: readonly BlockParams[];
  /** Before the visual-token head, and over all tokens where the norm stands before pooling. */
  readonly norm?: LayerNormParams;
  readonly visualTokenHead?: LinearParams;
  /** Pixels of a patch, row by row, channels last: weight [P·P·C, D]. */
  readonly pixelHead?: LinearParams;
  /** Over the mean of the patches or the class token, where the norm stands after pooling. */
  readonly classNorm?: LayerNormParams;
  readonly classHead?: LinearParams;
  readonly decoder?: DecoderParams;
};

/** A model: what it is, and its parameters. */
export type Beit = { readonly config: BeitConfig; readonly params: BeitParams };

/** Shapes of all parameters by path, in order. Nothing is allocated. */
export function parameterShapes(config: BeitConfig): ReadonlyMap<string, Shape> {
  const { width, vocabSize, classes, patchSize, channels, pixelHead, decoder } = config;
  const poolingNorm = poolingNormOf(config);
  const pixels = patchSize * patchSize * channels;
  const entries: [string, Shape][] = [...linearShapes("patchEmbedding", pixels, width), ["classToken", [width]]];
  if (vocabSize > 0 || pixelHead) entries.push(["maskToken", [width]]);
  if (config.absolutePositions) entries.push(["positions", [patchCount(config) + 1, width]]);
  if (config.registers) entries.push(["registers", [config.registers, width]]);
  if (config.relativePositions === "shared") entries.push(["relativePositionBias", tableShape(config)]);
  for (let block = 0; block < config.depth; block++) entries.push(...blockShapes(`blocks.${block}`, config));
  if (vocabSize > 0 || poolingNorm === "before") entries.push(...normShapes("norm", width));
  if (vocabSize > 0) entries.push(...linearShapes("visualTokenHead", width, vocabSize));
  if (pixelHead) entries.push(...linearShapes("pixelHead", width, pixels));
  if (poolingNorm === "after") entries.push(...normShapes("classNorm", width));
  if (classes > 0) entries.push(...linearShapes("classHead", width, classes));
  if (decoder) entries.push(...decoderShapes(config, decoder, decoder.vocabSize > 0 ? decoder.vocabSize : pixels));
  return new Map(entries);
}

/** @internal Parameters that a config may lack although a checkpoint has them: heads, and what only they need. */
export const headPaths = /^(maskToken$|(norm|visualTokenHead|pixelHead|classNorm|classHead|decoder)\.)/;

/** Number of values in all parameters. */
export function parameterCount(config: BeitConfig): number {
  return [...parameterShapes(config).values()].reduce((count, shape) => count + sizeOf(shape), 0);
}

/** The tree whose leaves are these: `blocks.0.norm1.gamma` lies at `tree.blocks[0].norm1.gamma`. */
export function treeFromPaths(leaves: Iterable<readonly [path: string, leaf: Tensor]>): BeitParams {
  const root: Branch = {};
  for (const [path, leaf] of leaves) {
    const keys = path.split(".");
    let node = root;
    keys.slice(0, -1).forEach((key, i) => {
      node = (node[key] ??= /^\d+$/.test(keys[i + 1]) ? ([] as unknown as Branch) : {}) as Branch;
    });
    node[keys[keys.length - 1]] = leaf;
  }
  return root as unknown as BeitParams;
}

type Branch = { [key: string]: Branch | Tensor };

function decoderShapes(config: BeitConfig, { width, depth }: DecoderConfig, outputs: number): [string, Shape][] {
  const plain: BeitConfig = { ...config, width, relativePositions: "none", layerScale: 0 };
  const blocks = Array.from({ length: depth }, (_, block) => blockShapes(`decoder.blocks.${block}`, plain));
  return [
    ...linearShapes("decoder.embedding", config.width, width),
    ["decoder.maskToken", [width]],
    ...blocks.flat(),
    ...normShapes("decoder.norm", width),
    ...linearShapes("decoder.head", width, outputs),
  ];
}

function blockShapes(path: string, config: BeitConfig): [string, Shape][] {
  const { width } = config;
  const hidden = hiddenWidth(config);
  const scaled = config.layerScale > 0;
  return [
    ...normShapes(`${path}.norm1`, width),
    [`${path}.attention.qkv.weight`, [3 * width, width]],
    [`${path}.attention.queryBias`, [width]],
    [`${path}.attention.valueBias`, [width]],
    ...linearShapes(`${path}.attention.projection`, width, width),
    ...when(config.relativePositions === "per-layer", `${path}.attention.relativePositionBias`, tableShape(config)),
    ...when(scaled, `${path}.scale1`, [width]),
    ...normShapes(`${path}.norm2`, width),
    ...linearShapes(`${path}.mlp.expand`, width, hidden),
    ...linearShapes(`${path}.mlp.contract`, hidden, width),
    ...when(scaled, `${path}.scale2`, [width]),
  ];
}

function when(present: boolean, path: string, shape: Shape): [string, Shape][] {
  return present ? [[path, shape]] : [];
}

function linearShapes(path: string, inputs: number, outputs: number): [string, Shape][] {
  return [
    [`${path}.weight`, [outputs, inputs]],
    [`${path}.bias`, [outputs]],
  ];
}

function normShapes(path: string, width: number): [string, Shape][] {
  return [
    [`${path}.gamma`, [width]],
    [`${path}.beta`, [width]],
  ];
}

function tableShape(config: BeitConfig): Shape {
  return [tableRows(gridOf(config)), config.heads];
}
