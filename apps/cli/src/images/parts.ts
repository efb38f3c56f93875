// Parts of a data set, by how many images there are or should be.
import { imagesByClass, order, requireLabels, subset, type Dataset } from "@beitjs/trainers";

/** Images of the class that has the fewest. */
export function smallestClass(images: Dataset): number {
  requireLabels(images);
  return Math.min(...Object.values(imagesByClass(images) ?? {}));
}

/** So many images drawn by the seed, in their order; all where there are no more. */
export function someOf(images: Dataset, count: number, seed = 0): Dataset {
  if (images.length <= count) return images;
  return subset(images, order(images.length, { seed, epoch: 0 }).slice(0, count).sort());
}
