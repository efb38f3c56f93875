// How hidden patches hang together.
import type { Mask } from "./grid.ts";

/** Sizes of the regions of a mask: hidden patches that touch by an edge are of one. In the order of their first patches. */
export function hiddenRegions({ grid: { rows, cols }, cells }: Mask): number[] {
  const left = Uint8Array.from(cells);
  const sizes: number[] = [];
  for (let start = 0; start < left.length; start++) {
    if (left[start] === 0) continue;
    left[start] = 0;
    const region = [start];
    for (const cell of region) {
      const [row, col] = [Math.floor(cell / cols), cell % cols];
      const neighbors = [
        row > 0 ? cell - cols : -1,
        row < rows - 1 ? cell + cols : -1,
        col > 0 ? cell - 1 : -1,
        col < cols - 1 ? cell + 1 : -1,
      ];
      for (const next of neighbors) {
        if (next < 0 || left[next] === 0) continue;
        left[next] = 0;
        region.push(next); // goes on with it: arrays are walked to their end as it is by then
      }
    }
    sizes.push(region.length);
  }
  return sizes;
}
