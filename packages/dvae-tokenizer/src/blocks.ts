// Residual blocks of both architectures.
import { scope, type Tensor } from "@beitjs/tensor-core";
import { addScaled, conv2d, relu } from "@beitjs/tensor-core/ops";
import type { Conv2dParams } from "@beitjs/tensor-core/nn";
import type { InitConv } from "./init-conv.ts";

/** conv 3x3, ReLU, conv 3x3, ReLU, conv 1x1, plus the input. (DALLE-pytorch, BEiT's own dVAE) */
export type PlainBlockParams = {
  readonly conv1: Conv2dParams;
  readonly conv2: Conv2dParams;
  readonly conv3: Conv2dParams;
};

export function initPlainBlock(width: number, init: InitConv): PlainBlockParams {
  return {
    conv1: init({ input: width, output: width, size: 3 }),
    conv2: init({ input: width, output: width, size: 3 }),
    conv3: init({ input: width, output: width, size: 1 }),
  };
}

/** [B, H, W, C] -> [B, H, W, C] */
export function plainBlock(params: PlainBlockParams, x: Tensor): Tensor {
  const hidden = relu(conv2d(x, params.conv1, { padding: 1 }));
  return addScaled(x, conv2d(relu(conv2d(hidden, params.conv2, { padding: 1 })), params.conv3));
}

/** Bottleneck of a quarter of the width, four convolutions each after a ReLU, the sum damped by 1 / layers^2. (DALL-E) */
export type BottleneckParams = {
  readonly conv1: Conv2dParams;
  readonly conv2: Conv2dParams;
  readonly conv3: Conv2dParams;
  readonly conv4: Conv2dParams;
  /** 1x1 convolution of the skip where the width changes. */
  readonly identity?: Conv2dParams | undefined;
};

/** Filter sizes of the four convolutions: the 1x1 stands next to the codebook in both halves. */
export const bottleneckSizes = { encoder: [3, 3, 3, 1], decoder: [1, 3, 3, 3] } as const;

export function initBottleneck(
  half: keyof typeof bottleneckSizes,
  input: number,
  output: number,
  init: InitConv,
): BottleneckParams {
  const [size1, size2, size3, size4] = bottleneckSizes[half];
  const quarter = output / 4;
  return {
    conv1: init({ input, output: quarter, size: size1 }),
    conv2: init({ input: quarter, output: quarter, size: size2 }),
    conv3: init({ input: quarter, output: quarter, size: size3 }),
    conv4: init({ input: quarter, output, size: size4 }),
    identity: input === output ? undefined : init({ input, output, size: 1 }),
  };
}

/** [B, H, W, C] -> [B, H, W, C'] */
export function bottleneck(params: BottleneckParams, x: Tensor, { gain }: { readonly gain: number }): Tensor {
  const { conv1, conv2, conv3, conv4, identity } = params;
  const { backend } = x;
  return scope(backend, () => {
    const branch = [conv1, conv2, conv3, conv4].reduce(
      (y, conv) => scope(backend, () => conv2d(relu(y), conv, { padding: (filterSize(conv) - 1) / 2 })),
      x,
    );
    return addScaled(identity ? conv2d(x, identity) : x, branch, { scale: gain });
  });
}

function filterSize({ filter }: Conv2dParams): number {
  return filter.shape[1];
}
