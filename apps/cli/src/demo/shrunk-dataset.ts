// Image files in memory, no larger than a demo can use: photos are decoded once and not in every epoch.
import type { Dataset, Example } from "@beitjs/trainers";
import { resizeShortSide } from "@beitjs/tensor-core/image";

const MOST_BYTES = 2 ** 30;

/**
 * The same examples with short sides of at most `side`, kept in memory up to 1 GiB; what does not fit is read again each
 * time, and comes out the same.
 */
export function shrunkDataset(dataset: Dataset, side: number): Dataset {
  const kept = new Map<number, Example>();
  let bytes = 0;
  return {
    ...dataset,
    async get(index) {
      const known = kept.get(index);
      if (known) return known;
      const example = await dataset.get(index);
      const { width, height } = example.image;
      const image = Math.min(width, height) > side ? resizeShortSide(example.image, side, "bicubic") : example.image;
      const small = { ...example, image };
      if (bytes + image.data.byteLength <= MOST_BYTES && !kept.has(index)) {
        bytes += image.data.byteLength;
        kept.set(index, small);
      }
      return small;
    },
  };
}
