// Generator half of the dVAE: codebook vectors on the grid to pixels (or to the parameters of their distribution).
// The decoder starts where the codebook ends: mixing or looking up its entries is tokenizer.ts.
import { scope, type Tensor } from "@beitjs/tensor-core";
import { conv2d, convTranspose2d, relu, upsampleNearest } from "@beitjs/tensor-core/ops";
import type { Conv2dParams } from "@beitjs/tensor-core/nn";
import {
  bottleneck,
  initBottleneck,
  initPlainBlock,
  plainBlock,
  type BottleneckParams,
  type PlainBlockParams,
} from "./blocks.ts";
import type { InitConv } from "./init-conv.ts";
import { outputChannels, type DallEConfig, type StridedConfig } from "./config.ts";

/** openai/DALL-E, dall_e/decoder.py; its first 1x1 convolution is the codebook and lives in the tokenizer's parameters. */
export type DallEDecoderParams = {
  readonly groups: readonly (readonly BottleneckParams[])[];
  readonly output: Conv2dParams;
};

export function initDallEDecoder(config: DallEConfig, init: InitConv): DallEDecoderParams {
  const { codebookWidth, hidden, groups, blocksPerGroup } = config;
  const width = (group: number): number => (group < 0 ? codebookWidth : hidden * 2 ** (groups - 1 - group));
  const block = (group: number, i: number): BottleneckParams =>
    initBottleneck("decoder", i === 0 ? width(group - 1) : width(group), width(group), init);
  return {
    groups: Array.from({ length: groups }, (_, group) =>
      Array.from({ length: blocksPerGroup }, (_, i) => block(group, i)),
    ),
    output: init({ input: width(groups - 1), output: outputChannels(config), size: 1 }),
  };
}

/** Codebook vectors [B, rows, cols, codebookWidth] -> pixel statistics [B, H, W, 2 C] */
export function dallEDecoder(params: DallEDecoderParams, vectors: Tensor, config: DallEConfig): Tensor {
  const gain = 1 / (config.groups * config.blocksPerGroup) ** 2;
  let x = vectors;
  params.groups.forEach((blocks, group) => {
    x = scope(x.backend, () => {
      const grouped = blocks.reduce((y, block) => bottleneck(block, y, { gain }), x);
      return group === params.groups.length - 1 ? grouped : upsampleNearest(grouped); // [B, 2 H, 2 W, C / 2]
    });
  });
  return conv2d(relu(x), params.output);
}

export type StridedDecoderParams = {
  /** 1x1 convolution from the codebook's width, where residual blocks follow at the grid's size. */
  readonly input?: Conv2dParams | undefined;
  readonly middle: readonly PlainBlockParams[];
  readonly stages: readonly { readonly up: Conv2dParams; readonly blocks: readonly PlainBlockParams[] }[];
  readonly output: Conv2dParams;
};

type DecoderShape = Pick<
  StridedConfig,
  "codebookWidth" | "hidden" | "layers" | "blocksPerStage" | "middleBlocks" | "channels" | "reconstruction"
>;

export function initStridedDecoder(config: DecoderShape, init: InitConv, initUp: InitConv): StridedDecoderParams {
  const { codebookWidth, hidden, layers, blocksPerStage, middleBlocks } = config;
  return {
    input: middleBlocks > 0 ? init({ input: codebookWidth, output: hidden, size: 1 }) : undefined,
    middle: Array.from({ length: middleBlocks }, () => initPlainBlock(hidden, init)),
    stages: Array.from({ length: layers }, (_, layer) => ({
      up: initUp({ input: layer === 0 && middleBlocks === 0 ? codebookWidth : hidden, output: hidden, size: 4 }),
      blocks: Array.from({ length: blocksPerStage }, () => initPlainBlock(hidden, init)),
    })),
    output: init({ input: hidden, output: outputChannels(config), size: 1 }),
  };
}

/** Codebook vectors [B, rows, cols, codebookWidth] -> pixel values or statistics [B, H, W, C or 2 C] */
export function stridedDecoder(params: StridedDecoderParams, vectors: Tensor): Tensor {
  let x = params.input ? conv2d(vectors, params.input) : vectors;
  x = params.middle.reduce((y, block) => plainBlock(block, y), x); // [B, rows, cols, hidden]
  for (const { up, blocks } of params.stages) {
    x = scope(x.backend, () =>
      blocks.reduce((y, block) => plainBlock(block, y), relu(convTranspose2d(x, up, { stride: 2, padding: 1 }))),
    ); // [B, 2 H, 2 W, hidden]
  }
  return conv2d(x, params.output);
}
