// Orders of an epoch other than every image once: every class as often as every other, however few images it has; or every image
// several times.
// (class-aware sampling: Shen, Lin & Huang 2016, "Relay Backpropagation", section 4)
import { createRng, permutation, streams } from "@beitjs/tensor-core/random";
import { labelsAt, type Dataset } from "./dataset.ts";

/**
 * As many places as there are images, shared among the classes; a remainder goes to classes drawn anew every epoch. A class goes
 * through its images in random order, and again where it has fewer than places: of the larger classes others are left out every
 * epoch. An image of several classes counts for each, and those without any are a class of their own.
 * The entry of an image that comes again is its index plus the dataset's length for every time before, so that each time has a
 * random stream of its own; modulo the length it is the image.
 */
export function balancedOrder(dataset: Dataset, { seed, epoch }: { seed: number; epoch: number }): Uint32Array {
  const { length } = dataset;
  const groups = imagesByClass(dataset);
  const rng = createRng({ seed, stream: streams.shuffle, epoch });
  const favored = new Set(permutation(groups.length, rng).subarray(0, length % groups.length));
  const drawn = groups.flatMap((images, group) => {
    let left = Math.floor(length / groups.length) + (favored.has(group) ? 1 : 0);
    const chosen: number[] = [];
    for (; left > 0; left -= images.length) {
      for (const place of permutation(images.length, rng).subarray(0, left)) chosen.push(images[place]);
    }
    return chosen;
  });
  const times = new Uint32Array(length);
  // Addresses of random streams have 32 bits.
  const mostTimes = Math.max(1, Math.floor(2 ** 32 / length));
  return permutation(length, rng).map((place) => {
    const index = drawn[place];
    return index + (times[index]++ % mostTimes) * length;
  });
}

/**
 * Repeated augmentation (Hoffer et al. 2020; Berman et al. 2019): every image of an order so often in a row, in another view each time,
 * until there are as many as before; the images at the end of the order are not seen. Entries are those of `balancedOrder`.
 */
export function repeatedOrder(order: Uint32Array, times: number): Uint32Array {
  const { length } = order;
  const mostTimes = Math.max(1, Math.floor(2 ** 32 / Math.max(1, length)));
  return order.map((_, place) => order[Math.floor(place / times)] + ((place % times) % mostTimes) * length);
}

function imagesByClass(dataset: Dataset): readonly (readonly number[])[] {
  const groups = Array.from({ length: (dataset.classes?.length ?? 0) + 1 }, (): number[] => []);
  for (let index = 0; index < dataset.length; index++) {
    const labels = labelsAt(dataset, index);
    for (const label of labels) groups[label].push(index);
    if (labels.length === 0) groups[groups.length - 1].push(index);
  }
  return groups.filter((images) => images.length > 0);
}
