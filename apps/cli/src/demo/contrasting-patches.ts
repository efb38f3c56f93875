// Patches worth asking for their attention: those with the most contrast, away from each other.
import { cellAt, cellCount, type Grid } from "@beitjs/tensor-core/grid";
import { toGray, type Image } from "@beitjs/tensor-core/image";

/** Up to `count` patches of a grid with the largest variance, no two of them neighbors. Row-major numbers. */
export function contrastingPatches(image: Image, grid: Grid, count: number): number[] {
  const variances = patchVariances(toGray(image), grid);
  const order = variances.map((_, patch) => patch).sort((a, b) => variances[b] - variances[a] || a - b);
  const chosen: number[] = [];
  for (const patch of order) {
    if (chosen.length === count) break;
    if (chosen.every((other) => distance(patch, other, grid) > 1)) chosen.push(patch);
  }
  return chosen;
}

function patchVariances({ width, height, data }: Image, grid: Grid): number[] {
  const sums = Array.from({ length: cellCount(grid) }, () => ({ count: 0, sum: 0, squares: 0 }));
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const patch = sums[cellAt(x, y, { width, height }, grid)];
    patch.count++;
    patch.sum += data[i];
    patch.squares += data[i] ** 2;
  }
  return sums.map(({ count, sum, squares }) => squares / count - (sum / count) ** 2);
}

function distance(a: number, b: number, { cols }: Grid): number {
  return Math.max(Math.abs((a % cols) - (b % cols)), Math.abs(Math.floor(a / cols) - Math.floor(b / cols)));
}
