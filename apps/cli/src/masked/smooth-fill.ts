// Hidden patches filled by the smoothest surface that meets what is seen at its edges: what can be had without having learned anything.
import type { Mask } from "@beitjs/masking";
import { cellAt } from "@beitjs/tensor-core/grid";
import type { Image } from "@beitjs/tensor-core/image";

const rounds = 400;
// Over-relaxation (Young 1954): without it the middle of a large hole would take thousands of rounds.
const relaxation = 1.9;

/** An image of bytes whose hidden pixels are the mean of their neighbors. (Laplace's equation; free at the image's own edges) */
export function smoothFill(image: Image, { cells, grid }: Pick<Mask, "cells" | "grid">): Image {
  const { width, height, channels } = image;
  const hidden = Array.from({ length: width * height }, (_, i) => i).filter(
    (i) => cells[cellAt(i % width, Math.floor(i / width), image, grid)] === 1,
  );
  const data = Uint8Array.from(image.data);
  if (hidden.length === 0) return { width, height, channels, data };
  const unseen = new Uint8Array(width * height);
  for (const i of hidden) unseen[i] = 1;
  for (let channel = 0; channel < channels; channel++) {
    const values = Float64Array.from(unseen, (_, i) => image.data[i * channels + channel]);
    const start = meanWhere(values, unseen);
    for (const i of hidden) values[i] = start;
    for (let round = 0; round < rounds; round++) relax(values, hidden, { width, height });
    for (const i of hidden) data[i * channels + channel] = Math.round(Math.min(255, Math.max(0, values[i])));
  }
  return { width, height, channels, data };
}

// Of what is seen; of nothing, the middle.
function meanWhere(values: Float64Array, unseen: Uint8Array): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (unseen[i] === 1) continue;
    sum += values[i];
    count++;
  }
  return count === 0 ? 127.5 : sum / count;
}

function relax(
  values: Float64Array,
  hidden: readonly number[],
  { width, height }: { readonly width: number; readonly height: number },
): void {
  for (const i of hidden) {
    const x = i % width;
    let [sum, count] = [0, 0];
    const add = (at: number): void => {
      sum += values[at];
      count++;
    };
    if (x > 0) add(i - 1);
    if (x < width - 1) add(i + 1);
    if (i >= width) add(i - width);
    if (i < width * (height - 1)) add(i + width);
    values[i] += relaxation * (sum / Math.max(1, count) - values[i]);
  }
}
