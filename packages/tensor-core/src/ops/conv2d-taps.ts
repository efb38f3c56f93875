// The geometry of a convolution, and a walk over all its products. A convolution, its transpose and their gradients are
// the same walk: only which array is written differs. Arrays are NHWC; filters are [outputs, rows, columns, inputs].
import type { Shape } from "../tensor.ts";
import { expect } from "./check.ts";

export type ConvOptions = { readonly stride: number; readonly padding: number };

/** Image [batch, height, width, channels], filter [outputs, kernelHeight, kernelWidth, channels], result [batch, rows, columns, outputs]. */
export type ConvGeometry = ConvOptions & {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outputs: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly rows: number;
  readonly columns: number;
};

/** Geometry from the shapes of the larger side (image), the filter and the smaller side (result). */
export function convGeometry(image: Shape, filter: Shape, result: Shape, options: ConvOptions): ConvGeometry {
  const [batch, height, width, channels] = image;
  const [outputs, kernelHeight, kernelWidth] = filter;
  const [, rows, columns] = result;
  const { stride, padding } = options;
  return { batch, height, width, channels, outputs, kernelHeight, kernelWidth, rows, columns, stride, padding };
}

/** Visits every product of a convolution by the offsets of its factors: image value, filter value, result value. */
export function eachProduct(
  geometry: ConvGeometry,
  visit: (image: number, filter: number, result: number) => void,
): void {
  const { batch, height, width, channels, outputs, kernelHeight, kernelWidth, rows, columns, stride, padding } =
    geometry;
  const taps = kernelHeight * kernelWidth;
  for (let position = 0; position < batch * rows * columns; position++) {
    const top = (Math.floor(position / columns) % rows) * stride - padding;
    const left = (position % columns) * stride - padding;
    const image = Math.floor(position / (rows * columns)) * height;
    for (let tap = 0; tap < taps; tap++) {
      const y = top + Math.floor(tap / kernelWidth);
      const x = left + (tap % kernelWidth);
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      const pixel = ((image + y) * width + x) * channels;
      for (let o = 0; o < outputs; o++) {
        for (let c = 0; c < channels; c++) visit(pixel + c, (o * taps + tap) * channels + c, position * outputs + o);
      }
    }
  }
}

export function checkConvOptions(op: string, filter: Shape, { stride, padding }: ConvOptions): void {
  const [, kernelHeight, kernelWidth] = filter;
  expect(op, kernelHeight > 0 && kernelWidth > 0, "a filter of at least 1 x 1", `${kernelHeight} x ${kernelWidth}`);
  expect(op, Number.isInteger(stride) && stride > 0, "stride to be a positive integer", `${stride}`);
  expect(op, Number.isInteger(padding) && padding >= 0, "padding to be a non-negative integer", `${padding}`);
}
