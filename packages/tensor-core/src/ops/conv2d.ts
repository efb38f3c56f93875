// Two-dimensional convolution (cross-correlation, as everywhere in deep learning) of NHWC images with zero padding.
import type { Tensor } from "../tensor.ts";
import { expect, expectRank, expectShape } from "./check.ts";
import { checkConvOptions, convGeometry, eachProduct, type ConvOptions } from "./conv2d-taps.ts";
import { apply, defineOp } from "./define-op.ts";

export const conv2dOp = defineOp<{ x: Tensor; filter: Tensor; bias?: Tensor | undefined }, "y", ConvOptions>({
  name: "Conv2d",
  shape({ x, filter, bias }, options) {
    expectRank("Conv2d", "x", x, 4, "B, H, W, C");
    expectRank("Conv2d", "filter", filter, 4, "O, kh, kw, C");
    checkConvOptions("Conv2d", filter, options);
    const [B, H, W, C] = x;
    const [O, kh, kw] = filter;
    expectShape("Conv2d", "filter", filter, [O, kh, kw, C]);
    if (bias) expectShape("Conv2d", "bias", bias, [O]);
    const padded = [H + 2 * options.padding, W + 2 * options.padding];
    expect("Conv2d", padded[0] >= kh && padded[1] >= kw, `padded images of at least ${kh} x ${kw}`, padded.join(" x "));
    const steps = (size: number, kernel: number) => Math.floor((size - kernel) / options.stride) + 1;
    return { y: [B, steps(padded[0], kh), steps(padded[1], kw), O] };
  },
  saves: ["x", "filter"],
  forward({ x, filter, bias }, { y }, options, shapes) {
    if (bias) for (let i = 0; i < y.length; i++) y[i] = bias[i % bias.length];
    eachProduct(convGeometry(shapes.x, shapes.filter, shapes.y, options), (i, f, o) => (y[o] += x[i] * filter[f]));
  },
  backward({ dy, x, filter }, { dx, dfilter, dbias }, options, shapes) {
    if (shapes.bias) for (let i = 0; i < dy.length; i++) dbias[i % dbias.length] += dy[i];
    eachProduct(convGeometry(shapes.x, shapes.filter, shapes.y, options), (i, f, o) => {
      dx[i] += dy[o] * filter[f];
      dfilter[f] += dy[o] * x[i];
    });
  },
});

/**
 * Convolution of images, `y[i, j, o] = bias[o] + sum x[i * stride + r - padding, j * stride + s - padding, c] filter[o, r, s, c]`.
 * [B, H, W, C], [O, kh, kw, C], [O] -> [B, (H + 2 padding - kh) / stride + 1, (W + 2 padding - kw) / stride + 1, O]
 *
 * @throws if channels or the bias do not fit the filter, or the filter is larger than the padded image
 */
export function conv2d(
  x: Tensor,
  { filter, bias }: { readonly filter: Tensor; readonly bias?: Tensor | undefined },
  { stride = 1, padding = 0 }: Partial<ConvOptions> = {},
): Tensor {
  return apply(conv2dOp, { x, filter, bias }, { stride, padding }).y;
}
