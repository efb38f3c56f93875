// Fixed positions of patches: sines and cosines of columns and rows at wavelengths that grow geometrically.
// (Vaswani et al. 2017, section 3.5; for images as in He et al. 2021, util/pos_embed.py)
import type { Grid } from "@beitjs/tensor-core/grid";

/**
 * Values of a position embedding [N + 1, D]: sines of the column, its cosines, then the same of the row, D / 4 of each. The class
 * token's, row 0, is 0.
 *
 * @param width D, a multiple of 4
 */
export function sineCosinePositions({ rows, cols }: Grid, width: number): Float32Array {
  const waves = width / 4;
  const values = new Float32Array((rows * cols + 1) * width);
  for (let patch = 0; patch < rows * cols; patch++) {
    const at = (patch + 1) * width;
    const places = [patch % cols, Math.floor(patch / cols)];
    for (let i = 0; i < waves; i++) {
      const frequency = 1 / 10000 ** (i / waves);
      places.forEach((place, axis) => {
        values[at + 2 * axis * waves + i] = Math.sin(place * frequency);
        values[at + (2 * axis + 1) * waves + i] = Math.cos(place * frequency);
      });
    }
  }
  return values;
}
