// The two passes of a resize over samples of 16 bits, of any number of channels: sums in float64, each pass rounded and clipped to
// 16 bits, as Pillow resizes mode I;16 (libImaging/Resample.c). Pillow keeps no clean sum where a filter overshoots white: it wraps
// the lower byte. Here that is white.
import type { Image } from "./image.ts";
import { neededRows, type Resampling } from "./resample.ts";
import type { ResampleWeights } from "./resample-weights.ts";

/** An image of 16 bits a sample. */
export type DeepImage = Image & { readonly data: Uint16Array };

const WHITE = 65535;

/** Resamples an image. */
export function resampleDeep(image: DeepImage, { columns, rows, rowsFirst }: Resampling): DeepImage {
  if (rowsFirst && rows) return resampleDeep(resampleRows(image, rows, 0), columns ? { columns } : {});
  const { first, count } = neededRows(image, rows);
  const wide = columns ? resampleColumns(image, columns, first, count) : image;
  return rows ? resampleRows(wide, rows, columns ? first : 0) : wide;
}

function resampleColumns(image: DeepImage, table: ResampleWeights, firstRow: number, rowCount: number): DeepImage {
  const { channels, data } = image;
  const { first, count, exact, stride } = table;
  const width = first.length;
  const out = new Uint16Array(width * rowCount * channels);
  let to = 0;
  for (let y = 0; y < rowCount; y++) {
    const row = (firstRow + y) * image.width * channels;
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        let p = row + first[x] * channels + c;
        for (let w = x * stride, end = w + count[x]; w < end; w++, p += channels) sum += data[p] * exact[w];
        out[to++] = rounded(sum);
      }
    }
  }
  return { width, height: rowCount, channels, data: out };
}

function resampleRows(image: DeepImage, table: ResampleWeights, firstRow: number): DeepImage {
  const { width, channels, data } = image;
  const { first, count, exact, stride } = table;
  const rowLength = width * channels;
  const out = new Uint16Array(rowLength * first.length);
  const sums = new Float64Array(rowLength);
  for (let y = 0; y < first.length; y++) {
    sums.fill(0);
    for (let k = 0; k < count[y]; k++) {
      const weight = exact[y * stride + k];
      const from = (first[y] + k - firstRow) * rowLength;
      for (let i = 0; i < rowLength; i++) sums[i] += data[from + i] * weight;
    }
    for (let i = 0; i < rowLength; i++) out[y * rowLength + i] = rounded(sums[i]);
  }
  return { width, height: first.length, channels, data: out };
}

function rounded(sum: number): number {
  return sum <= 0 ? 0 : Math.min(WHITE, Math.floor(sum + 0.5));
}
