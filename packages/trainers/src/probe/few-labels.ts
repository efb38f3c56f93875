// Several draws of a few labels a class, and the images that they need together.
import { drawPerClass, type Dataset } from "../data/index.ts";

export type FewLabels = {
  /** Places in the dataset of all images that are in a draw, each once, in its order. */
  readonly images: readonly number[];
  /** Of every draw, the places of its images in `images`. */
  readonly draws: readonly (readonly number[])[];
};

/**
 * Draws `perClass` images of every class `tries` times, by `seed` and the numbers after it.
 *
 * @throws RangeError as `takePerClass`
 */
export function drawFewLabels(
  dataset: Dataset,
  { perClass, tries, seed }: { readonly perClass: number; readonly tries: number; readonly seed: number },
): FewLabels {
  const drawn = Array.from({ length: tries }, (_, i) => drawPerClass(dataset, perClass, seed + i));
  const images = [...new Set(drawn.flat())].sort((a, b) => a - b);
  const place = new Map(images.map((index, i) => [index, i]));
  return { images, draws: drawn.map((indices) => indices.map((index) => place.get(index) as number)) };
}
