// An attention map over its image: the image in gray, the attention in color, a frame around the patch that looks.
import { cellAt, type Grid } from "@beitjs/tensor-core/grid";
import { grayToRgb, resize, toGray, type Image } from "@beitjs/tensor-core/image";
import { heatColor } from "./heat.ts";
import { visible, type Color } from "./picture.ts";

const MIN_SIDE = 448;
const white: Color = [255, 255, 255];

export type DrawAttentionOptions = {
  readonly grid: Grid;
  /** Number of the patch that looks. */
  readonly patch: number;
};

/** An RGB picture whose longer side has at least 448 pixels, every patch a whole number of pixels. */
export function drawAttention(image: Image, weights: ArrayLike<number>, { grid, patch }: DrawAttentionOptions): Image {
  const cell = Math.ceil(Math.max(MIN_SIDE, image.width, image.height) / Math.max(grid.rows, grid.cols));
  const size = { width: cell * grid.cols, height: cell * grid.rows };
  const gray = grayToRgb(toGray(resize(visible(image), { ...size, filter: "bicubic" })));
  const data = Uint8Array.from(gray.data);
  const largest = Math.max(...Array.from(weights), Number.MIN_VALUE);
  const frame = Math.max(2, Math.round(cell / 16));
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const at = cellAt(x, y, size, grid);
      const inset = Math.min(x % cell, y % cell, cell - 1 - (x % cell), cell - 1 - (y % cell));
      const framed = at === patch && inset < frame;
      blend(data, (y * size.width + x) * 3, framed ? white : heatColor(weights[at] / largest), framed ? 1 : 0.6);
    }
  }
  return { ...size, channels: 3, data };
}

function blend(data: Uint8Array, at: number, color: Color, share: number): void {
  for (let c = 0; c < 3; c++) data[at + c] = Math.round((1 - share) * data[at + c] + share * color[c]);
}
