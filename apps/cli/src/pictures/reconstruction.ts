// An image, its visual tokens and what the tokenizer makes of them, side by side; several images one below another.
import type { Image } from "@beitjs/tensor-core/image";
import { enlarge, type Color } from "./picture.ts";

/** Of one image. */
export type ReconstructionPanels = {
  /** As the tokenizer sees it. */
  readonly image: Image;
  /** Row by row. */
  readonly visualTokens: ArrayLike<number>;
  readonly restored: Image;
};

const minSide = 224;
const gap = 8;
const gridLine = 0.82;

/** A picture with one row an image: the image, its tokens colored by id, the reconstruction. Pixels stay sharp. */
export function drawReconstructions(rows: readonly ReconstructionPanels[]): Image {
  const drawn = rows.map(({ image, visualTokens, restored }) => {
    const factor = Math.ceil(minSide / image.width);
    return [enlarge(image, factor), drawTokens(visualTokens, image.width * factor), enlarge(restored, factor)];
  });
  const side = drawn[0][0].width;
  const width = 3 * side + 4 * gap;
  const height = drawn.length * (side + gap) + gap;
  const data = new Uint8Array(width * height * 3).fill(255);
  drawn.forEach((panels, row) =>
    panels.forEach((panel, column) => {
      place(panel, { width, data }, gap + column * (side + gap), gap + row * (side + gap));
    }),
  );
  return { width, height, channels: 3, data };
}

/** A square of `size` pixels with a cell a token; equal ids have equal colors in every picture. */
function drawTokens(ids: ArrayLike<number>, size: number): Image {
  const side = Math.round(Math.sqrt(ids.length));
  const data = new Uint8Array(size * size * 3);
  const lined = size / side >= 6;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [row, column] = [Math.floor((y * side) / size), Math.floor((x * side) / size)];
      const color = tokenColor(ids[row * side + column]);
      const edge = lined && (isStart(x, side, size) || isStart(y, side, size));
      data.set(edge ? color.map((value) => Math.round(value * gridLine)) : color, (y * size + x) * 3);
    }
  }
  return { width: size, height: size, channels: 3, data };
}

// The first pixel of a cell that is not the first.
function isStart(at: number, side: number, size: number): boolean {
  return at > 0 && Math.floor((at * side) / size) !== Math.floor(((at - 1) * side) / size);
}

/** Hues a golden angle apart, in five steps of lightness: neighbors in the codebook look different. */
export function tokenColor(id: number): Color {
  const hue = (id * 137.508) % 360;
  const lightness = 0.42 + 0.09 * ((id * 2) % 5);
  return fromHsl(hue, 0.62, lightness);
}

function fromHsl(hue: number, saturation: number, lightness: number): Color {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (offset: number) => {
    const k = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

function place(panel: Image, target: { readonly width: number; readonly data: Uint8Array }, left: number, top: number) {
  for (let y = 0; y < panel.height; y++) {
    const from = y * panel.width * 3;
    target.data.set(panel.data.subarray(from, from + panel.width * 3), ((top + y) * target.width + left) * 3);
  }
}
