import { casesOf } from "./cases.ts";
import { patchifyOp } from "./patchify.ts";

const sizes = [
  { shape: [1, 1, 1, 1], patchSize: 1 },
  { shape: [2, 4, 6, 3], patchSize: 2 },
  { shape: [1, 5, 5, 2], patchSize: 5 },
  { shape: [3, 9, 6, 1], patchSize: 3 },
  { shape: [2, 64, 96, 3], patchSize: 16 },
];

export const patchifyCases = casesOf(
  patchifyOp,
  sizes.map(({ shape, patchSize }) => ({ inputs: { images: { shape } }, attributes: { patchSize } })),
);
