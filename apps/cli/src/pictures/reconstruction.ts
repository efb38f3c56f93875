// An image, its visual tokens and what the tokenizer makes of them, side by side; several images one below another.
import { tokenColor } from "@beitjs/dvae-tokenizer";
import { cellAt, type Grid, type HeightWidth } from "@beitjs/tensor-core/grid";
import type { Image } from "@beitjs/tensor-core/image";
import { enlarge } from "./picture.ts";
import { sheetOf } from "./sheet.ts";

/** Of one image. */
export type ReconstructionPanels = {
  /** As the tokenizer sees it. */
  readonly image: Image;
  readonly grid: Grid;
  /** Row by row. */
  readonly visualTokens: ArrayLike<number>;
  readonly restored: Image;
};

const minSide = 224;
const gridLine = 0.82;

/** A picture with one row an image: the image, its tokens colored by id, the reconstruction. Pixels stay sharp. */
export function drawReconstructions(rows: readonly ReconstructionPanels[]): Image {
  const drawn = rows.map(({ image, grid, visualTokens, restored }) => {
    const large = largeEnough(image);
    return [large, drawTokens(visualTokens, grid, large), largeEnough(restored)];
  });
  return sheetOf(drawn);
}

/** An image large enough to be looked at. */
export function largeEnough(image: Image): Image {
  return enlarge(image, Math.ceil(minSide / Math.max(image.width, image.height)));
}

/** A picture of this size with a cell a token; equal ids have equal colors in every picture. */
function drawTokens(ids: ArrayLike<number>, grid: Grid, { width, height }: HeightWidth): Image {
  const data = new Uint8Array(width * height * 3);
  const lined = width / grid.cols >= 6 && height / grid.rows >= 6;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (left: number, top: number) => cellAt(left, top, { width, height }, grid);
      const cell = at(x, y);
      // The first pixels of a cell that is not the first.
      const edge = lined && ((x > 0 && at(x - 1, y) !== cell) || (y > 0 && at(x, y - 1) !== cell));
      const color = tokenColor(ids[cell]);
      data.set(edge ? color.map((value) => Math.round(value * gridLine)) : color, (y * width + x) * 3);
    }
  }
  return { width, height, channels: 3, data };
}
