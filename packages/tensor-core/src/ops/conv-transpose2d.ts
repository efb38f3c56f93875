// Transposed convolution of NHWC images: the input gradient of the convolution with the same filter, used to upsample.
// Sizes as PyTorch's ConvTranspose2d without output padding.
import type { Tensor } from "../tensor.ts";
import { expect, expectRank, expectShape } from "./check.ts";
import { checkConvOptions, convGeometry, eachProduct, type ConvOptions } from "./conv2d-taps.ts";
import { apply, defineOp } from "./define-op.ts";

export const convTranspose2dOp = defineOp<{ x: Tensor; filter: Tensor; bias?: Tensor | undefined }, "y", ConvOptions>({
  name: "ConvTranspose2d",
  shape({ x, filter, bias }, options) {
    expectRank("ConvTranspose2d", "x", x, 4, "B, H, W, C");
    expectRank("ConvTranspose2d", "filter", filter, 4, "C, kh, kw, O");
    checkConvOptions("ConvTranspose2d", filter, options);
    const [B, H, W, C] = x;
    const [, kh, kw, O] = filter;
    expectShape("ConvTranspose2d", "filter", filter, [C, kh, kw, O]);
    if (bias) expectShape("ConvTranspose2d", "bias", bias, [O]);
    const grown = (size: number, kernel: number) => (size - 1) * options.stride - 2 * options.padding + kernel;
    const [rows, columns] = [grown(H, kh), grown(W, kw)];
    const got = `${rows} x ${columns} from stride ${options.stride}, padding ${options.padding}, filter ${kh} x ${kw}`;
    expect("ConvTranspose2d", rows > 0 && columns > 0, "an output of at least 1 x 1", got);
    return { y: [B, rows, columns, O] };
  },
  saves: ["x", "filter"],
  forward({ x, filter, bias }, { y }, options, shapes) {
    if (bias) for (let i = 0; i < y.length; i++) y[i] = bias[i % bias.length];
    eachProduct(convGeometry(shapes.y, shapes.filter, shapes.x, options), (o, f, i) => (y[o] += x[i] * filter[f]));
  },
  backward({ dy, x, filter }, { dx, dfilter, dbias }, options, shapes) {
    if (shapes.bias) for (let i = 0; i < dy.length; i++) dbias[i % dbias.length] += dy[i];
    eachProduct(convGeometry(shapes.y, shapes.filter, shapes.x, options), (o, f, i) => {
      dx[i] += dy[o] * filter[f];
      dfilter[f] += dy[o] * x[i];
    });
  },
});

/**
 * Transposed convolution, `y[i * stride + r - padding, j * stride + s - padding, o] += x[i, j, c] filter[c, r, s, o]`.
 * [B, H, W, C], [C, kh, kw, O], [O] -> [B, (H - 1) stride - 2 padding + kh, (W - 1) stride - 2 padding + kw, O]
 *
 * @throws if channels or the bias do not fit the filter, or nothing is left after the padding
 */
export function convTranspose2d(
  x: Tensor,
  { filter, bias }: { readonly filter: Tensor; readonly bias?: Tensor | undefined },
  { stride = 1, padding = 0 }: Partial<ConvOptions> = {},
): Tensor {
  return apply(convTranspose2dOp, { x, filter, bias }, { stride, padding }).y;
}
