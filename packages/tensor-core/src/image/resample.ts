// The two passes of a resize over bytes of one channel or three, as plain loops: the reference of assembly/resample.ts, and what runs
// without it.
import type { ByteImage, Image } from "./image.ts";
import { WEIGHT_BITS, type ResampleWeights } from "./resample-weights.ts";

/** What a resize does: the columns, then the rows, or the other way round; a pass that changes nothing is left out. */
export type Resampling = {
  readonly columns?: ResampleWeights;
  readonly rows?: ResampleWeights;
  readonly rowsFirst?: boolean;
};

const HALF = 1 << (WEIGHT_BITS - 1);

/** Resamples an image of one channel or three, each pass in 22-bit fixed point and rounded to bytes. */
export function resample(image: ByteImage, { columns, rows, rowsFirst }: Resampling): ByteImage {
  if (rowsFirst && rows) return resample(resampleRows(image, rows, 0), columns ? { columns } : {});
  const { first, count } = neededRows(image, rows);
  const wide = columns ? resampleColumns(image, columns, first, count) : image;
  return rows ? resampleRows(wide, rows, columns ? first : 0) : wide;
}

/** The source rows that the pass over rows reads: only they go through the other one. */
export function neededRows(
  { height }: Pick<Image, "height">,
  rows: ResampleWeights | undefined,
): { readonly first: number; readonly count: number } {
  if (!rows) return { first: 0, count: height };
  const last = rows.first.length - 1;
  return { first: rows.first[0], count: rows.first[last] + rows.count[last] - rows.first[0] };
}

function resampleColumns(image: ByteImage, weights: ResampleWeights, firstRow: number, rowCount: number): ByteImage {
  const { channels, data } = image;
  const width = weights.first.length;
  const out = new Uint8ClampedArray(width * rowCount * channels);
  const pass = channels === 1 ? grayRow : rgbRow;
  for (let y = 0; y < rowCount; y++) {
    pass(out, y * width * channels, data, (firstRow + y) * image.width * channels, weights);
  }
  return { width, height: rowCount, channels, data: new Uint8Array(out.buffer) };
}

function grayRow(out: Uint8ClampedArray, to: number, data: Uint8Array, from: number, table: ResampleWeights): void {
  const { first, count, weights, stride } = table;
  for (let x = 0; x < first.length; x++) {
    let sum = HALF;
    let p = from + first[x];
    const end = p + count[x];
    for (let w = x * stride; p < end; p++, w++) sum += Math.imul(data[p], weights[w]);
    out[to + x] = sum >> WEIGHT_BITS;
  }
}

function rgbRow(out: Uint8ClampedArray, to: number, data: Uint8Array, from: number, table: ResampleWeights): void {
  const { first, count, weights, stride } = table;
  for (let x = 0; x < first.length; x++) {
    let red = HALF;
    let green = HALF;
    let blue = HALF;
    let p = from + first[x] * 3;
    const end = p + count[x] * 3;
    for (let w = x * stride; p < end; w++, p += 3) {
      const weight = weights[w];
      red += Math.imul(data[p], weight);
      green += Math.imul(data[p + 1], weight);
      blue += Math.imul(data[p + 2], weight);
    }
    out[to + x * 3] = red >> WEIGHT_BITS;
    out[to + x * 3 + 1] = green >> WEIGHT_BITS;
    out[to + x * 3 + 2] = blue >> WEIGHT_BITS;
  }
}

function resampleRows(image: ByteImage, table: ResampleWeights, firstRow: number): ByteImage {
  const { width, channels, data } = image;
  const { first, count, weights, stride } = table;
  const rowLength = width * channels;
  const out = new Uint8ClampedArray(rowLength * first.length);
  for (let y = 0; y < first.length; y++) {
    const from = (first[y] - firstRow) * rowLength;
    const end = from + count[y] * rowLength;
    for (let i = 0; i < rowLength; i++) {
      let sum = HALF;
      for (let p = from + i, w = y * stride; p < end; p += rowLength, w++) sum += Math.imul(data[p], weights[w]);
      out[y * rowLength + i] = sum >> WEIGHT_BITS;
    }
  }
  return { width, height: first.length, channels, data: new Uint8Array(out.buffer) };
}
