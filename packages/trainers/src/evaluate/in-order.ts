// All images of a dataset once, as evaluations take them.
import { batches, type Dataset, type EvalViewOptions } from "../data/index.ts";

export type EvaluationOptions = {
  /** How an image becomes what the model sees. */
  readonly view: EvalViewOptions;
  /** Images at a time. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
};

/** Batches of all images in their own order, what does not fill one included. */
export function inOrder<T>(
  images: Dataset,
  batchSize: number,
  signal: AbortSignal | undefined,
  prepare: Parameters<typeof batches<T>>[1],
) {
  const options = {
    batchSize: Math.min(batchSize, images.length),
    seed: 0,
    epochs: 1,
    shuffle: false,
    dropLast: false,
  };
  return batches(images, prepare, { ...options, ...(signal && { signal }) });
}
