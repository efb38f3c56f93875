// A convolution, its transpose and the gradient of its filter, on which both ops with filters stand. Images are NHWC,
// filters ours: [outputs, rows, columns, inputs]. Padding is made by hand, for TensorFlow knows only `valid` and `same`.
import type { ConvOptions } from "../../../ops/conv2d-taps.ts";
import type { Shape } from "../../../tensor.ts";
import type { Engine, TfTensor } from "../engine.ts";
import { product } from "./products.ts";

/** [B, H, W, C], [O, kh, kw, C] -> [B, rows, columns, O] */
export function convolve(engine: Engine, image: TfTensor, filter: TfTensor, options: ConvOptions): TfTensor {
  const { tf } = engine;
  const padded = frame(engine, image, options.padding, options.padding);
  return tf.conv2d(padded as never, tf.transpose(filter, [1, 2, 3, 0]) as never, options.stride, "valid");
}

/** The transpose of `convolve`: the gradient of its image. [B, rows, columns, O], [O, kh, kw, C] -> `shape` [B, H, W, C] */
export function convolveTransposed(
  engine: Engine,
  result: TfTensor,
  filter: TfTensor,
  shape: Shape,
  options: ConvOptions,
): TfTensor {
  const { tf } = engine;
  const [batch, height, width, channels] = shape;
  const { stride, padding } = options;
  const padded: Four = [batch, height + 2 * padding, width + 2 * padding, channels];
  const image =
    engine.device === "wasm" && stride === 1
      ? convolveFlipped(engine, result, filter)
      : tf.conv2dTranspose(result as never, tf.transpose(filter, [1, 2, 3, 0]) as never, padded, stride, "valid");
  return padding === 0 ? image : tf.slice(image, [0, padding, padding, 0], [batch, height, width, channels]);
}

type Four = [number, number, number, number];

// tfjs-wasm convolves forwards seven times as fast as backwards.
function convolveFlipped(engine: Engine, result: TfTensor, filter: TfTensor): TfTensor {
  const { tf } = engine;
  const [, rows, columns] = filter.shape;
  const flipped = tf.transpose(tf.reverse(filter, [1, 2]), [1, 2, 0, 3]); // [kh, kw, O, C]
  return tf.conv2d(frame(engine, result, rows - 1, columns - 1) as never, flipped as never, 1, "valid");
}

/** Gradient of `convolve`'s filter. -> `shape` [O, kh, kw, C] */
export function filterGradient(
  engine: Engine,
  image: TfTensor,
  dresult: TfTensor,
  shape: Shape,
  { stride, padding }: ConvOptions,
): TfTensor {
  const { tf } = engine;
  const padded = frame(engine, image, padding, padding);
  if (!tf.getKernel("Conv2DBackpropFilter", engine.device))
    return filterGradientByTaps(engine, padded, dresult, shape, stride);
  const [outputs, rows, columns, channels] = shape;
  const attributes = {
    strides: [stride, stride],
    pad: "valid",
    dataFormat: "NHWC",
    dimRoundingMode: undefined,
    filterShape: [rows, columns, channels, outputs],
  };
  const gradient: TfTensor = tf
    .engine()
    .runKernel("Conv2DBackpropFilter", { x: padded, dy: dresult }, attributes as never);
  return tf.transpose(gradient, [3, 0, 1, 2]);
}

// One product per place in the filter, of all results with the pixels they met there. (tfjs-wasm has no kernel for it.)
function filterGradientByTaps(
  engine: Engine,
  padded: TfTensor,
  dresult: TfTensor,
  [outputs, height, width, channels]: Shape,
  stride: number,
): TfTensor {
  const { tf } = engine;
  const [batch, rows, columns] = dresult.shape;
  const places = batch * rows * columns;
  const results = tf.transpose(tf.reshape(dresult, [places, outputs]));
  const taps = Array.from({ length: height * width }, (_, tap) => {
    const [top, left] = [Math.floor(tap / width), tap % width];
    const end = [batch, top + (rows - 1) * stride + 1, left + (columns - 1) * stride + 1, channels];
    const pixels = tf.stridedSlice(padded, [0, top, left, 0], end, [1, stride, stride, 1]);
    return product(engine, results, tf.reshape(pixels, [places, channels])); // [O, C]
  });
  return tf.stack(taps, 1);
}

function frame({ tf }: Engine, x: TfTensor, rows: number, columns: number): TfTensor {
  return rows === 0 && columns === 0
    ? x
    : tf.pad(x, [
        [0, 0],
        [rows, rows],
        [columns, columns],
        [0, 0],
      ]);
}
