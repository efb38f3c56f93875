// Values over a patch grid as color: the picture itself darkened, and lit where the value is high.
import { cellAt, type Grid } from "@beitjs/tensor-core/grid";
import type { Image } from "@beitjs/tensor-core/image";
import { enlarge, type Color } from "./picture.ts";

// From black through purple and orange to pale yellow, rising evenly in lightness (as matplotlib's "inferno").
const ramp: readonly Color[] = [
  [0, 0, 4],
  [31, 12, 72],
  [85, 15, 109],
  [136, 34, 106],
  [186, 54, 85],
  [227, 89, 51],
  [249, 140, 10],
  [249, 201, 50],
  [252, 255, 164],
];

/** Color of a share in [0, 1]. */
export function heatColor(share: number): Color {
  const at = Math.min(Math.max(share, 0), 1) * (ramp.length - 1);
  const low = Math.min(Math.floor(at), ramp.length - 2);
  const mix = (c: number) => Math.round(ramp[low][c] + (at - low) * (ramp[low + 1][c] - ramp[low][c]));
  return [mix(0), mix(1), mix(2)];
}

/** An image under a heat map of a value a cell, scaled to the largest; `factor` times larger. */
export function heatOver(
  image: Image,
  values: ArrayLike<number>,
  { grid, factor }: { readonly grid: Grid; readonly factor: number },
): Image {
  const largest = Array.from(values).reduce((a, b) => Math.max(a, b), 0) || 1;
  const out = enlarge(image, factor);
  const { width, height, data } = out;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const color = heatColor(values[cellAt(x, y, out, grid)] / largest);
      for (let c = 0; c < 3; c++) {
        const i = (y * width + x) * 3 + c;
        data[i] = Math.round(0.3 * data[i] + 0.7 * color[c]);
      }
    }
  }
  return out;
}
