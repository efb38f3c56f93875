// Tokenizer half of the dVAE: images to logits over the codebook, one row per grid cell.
import { scope, type Tensor } from "@beitjs/tensor-core";
import { conv2d, maxPool2d, relu } from "@beitjs/tensor-core/ops";
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
import type { DallEConfig, StridedConfig } from "./config.ts";

/** openai/DALL-E, dall_e/encoder.py */
export type DallEEncoderParams = {
  readonly input: Conv2dParams;
  readonly groups: readonly (readonly BottleneckParams[])[];
  readonly output: Conv2dParams;
};

export function initDallEEncoder(config: DallEConfig, init: InitConv): DallEEncoderParams {
  const { channels, hidden, groups, blocksPerGroup, vocabSize } = config;
  const width = (group: number): number => hidden * 2 ** Math.max(0, group);
  const block = (group: number, i: number): BottleneckParams =>
    initBottleneck("encoder", i === 0 ? width(group - 1) : width(group), width(group), init);
  return {
    input: init({ input: channels, output: hidden, size: 7 }),
    groups: Array.from({ length: groups }, (_, group) =>
      Array.from({ length: blocksPerGroup }, (_, i) => block(group, i)),
    ),
    output: init({ input: width(groups - 1), output: vocabSize, size: 1 }),
  };
}

/** Up to the last 1x1 convolution. [B, H, W, C] in (0.1, 0.9) -> [B, rows, cols, C'] */
export function dallETrunk(params: DallEEncoderParams, images: Tensor, config: DallEConfig): Tensor {
  const gain = 1 / (config.groups * config.blocksPerGroup) ** 2;
  let x = conv2d(images, params.input, { padding: 3 }); // [B, H, W, hidden]
  params.groups.forEach((blocks, group) => {
    x = scope(x.backend, () => {
      const grouped = blocks.reduce((y, block) => bottleneck(block, y, { gain }), x);
      return group === params.groups.length - 1 ? grouped : maxPool2d(grouped); // [B, H / 2, W / 2, 2 C]
    });
  });
  return relu(x);
}

/** [B, H, W, C] in (0.1, 0.9) -> logits [B, rows, cols, V] */
export function dallEEncoder(params: DallEEncoderParams, images: Tensor, config: DallEConfig): Tensor {
  return conv2d(dallETrunk(params, images, config), params.output);
}

/** Strided convolutions with residual blocks, up to the last 1x1 convolution. */
export type StridedTrunkParams = {
  readonly stages: readonly { readonly down: Conv2dParams; readonly blocks: readonly PlainBlockParams[] }[];
  readonly middle: readonly PlainBlockParams[];
};

export function initStridedTrunk(
  config: Pick<StridedConfig, "channels" | "hidden" | "layers" | "blocksPerStage" | "middleBlocks">,
  init: InitConv,
): StridedTrunkParams {
  const { channels, hidden, layers, blocksPerStage, middleBlocks } = config;
  return {
    stages: Array.from({ length: layers }, (_, layer) => ({
      down: init({ input: layer === 0 ? channels : hidden, output: hidden, size: 4 }),
      blocks: Array.from({ length: blocksPerStage }, () => initPlainBlock(hidden, init)),
    })),
    middle: Array.from({ length: middleBlocks }, () => initPlainBlock(hidden, init)),
  };
}

/** [B, H, W, C] -> [B, rows, cols, hidden] */
export function stridedTrunk(params: StridedTrunkParams, images: Tensor): Tensor {
  let x = images;
  for (const { down, blocks } of params.stages) {
    x = scope(x.backend, () =>
      blocks.reduce((y, block) => plainBlock(block, y), relu(conv2d(x, down, { stride: 2, padding: 1 }))),
    ); // [B, H / 2, W / 2, hidden]
  }
  return params.middle.reduce((y, block) => plainBlock(block, y), x);
}

export type StridedEncoderParams = StridedTrunkParams & { readonly logits: Conv2dParams };

export function initStridedEncoder(config: StridedConfig, init: InitConv): StridedEncoderParams {
  return {
    ...initStridedTrunk(config, init),
    logits: init({ input: config.hidden, output: config.vocabSize, size: 1 }),
  };
}

/** [B, H, W, C] -> logits [B, rows, cols, V] */
export function stridedEncoder(params: StridedEncoderParams, images: Tensor): Tensor {
  return conv2d(stridedTrunk(params, images), params.logits);
}
