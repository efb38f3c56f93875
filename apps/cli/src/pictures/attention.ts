// An attention map over its image: the image in gray, the attention in color, a frame around the patch that looks.
import { grayToRgb, resize, toGray, type Image } from "@beitjs/tensor-core/image";

const MIN_SIDE = 448;
/** From no attention to the largest: dark violet, magenta, orange, light yellow. */
const palette = [
  [20, 11, 52],
  [132, 32, 107],
  [229, 92, 48],
  [252, 255, 164],
] as const;

export type DrawAttentionOptions = {
  /** Patches along a side. */
  readonly side: number;
  /** Number of the patch that looks. */
  readonly patch: number;
};

/** A square RGB picture of at least 448 pixels a side, every patch a whole number of pixels. */
export function drawAttention(
  image: Image,
  weights: ArrayLike<number>,
  { side, patch }: DrawAttentionOptions,
): { readonly data: Uint8Array; readonly size: number } {
  const cell = Math.ceil(Math.max(MIN_SIDE, image.width) / side);
  const size = cell * side;
  const gray = grayToRgb(toGray(resize(image, { width: size, height: size, filter: "bicubic" })));
  const data = Uint8Array.from(gray.data);
  const largest = Math.max(...Array.from(weights), Number.MIN_VALUE);
  const frame = Math.max(2, Math.round(cell / 16));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const at = Math.floor(y / cell) * side + Math.floor(x / cell);
      const inset = Math.min(x % cell, y % cell, cell - 1 - (x % cell), cell - 1 - (y % cell));
      const framed = at === patch && inset < frame;
      blend(data, (y * size + x) * 3, framed ? [255, 255, 255] : colorOf(weights[at] / largest), framed ? 1 : 0.6);
    }
  }
  return { data, size };
}

function blend(data: Uint8Array, at: number, color: readonly number[], share: number): void {
  for (let c = 0; c < 3; c++) data[at + c] = Math.round((1 - share) * data[at + c] + share * color[c]);
}

function colorOf(value: number): readonly number[] {
  const place = Math.min(1, Math.max(0, value)) * (palette.length - 1);
  const low = Math.min(palette.length - 2, Math.floor(place));
  return palette[low].map((from, c) => from + (palette[low + 1][c] - from) * (place - low));
}
