// Images of any kind on their way into an opened model: decoded and prepared as its files say, some at a time.
import { evalView, toImage, type ImageInput, type ToImageOptions } from "@beitjs/tensor-core/image";
import type { AbortSignalLike } from "@beitjs/tensor-core/files";
import type { OpenedBeit } from "../checkpoint/open.ts";
import { checkImageSize, evalViewFields } from "../checkpoint/preprocessing.ts";

/** What it takes to use a model on images: of all that `openBeit` gives, these. */
export type ImageModel = Pick<OpenedBeit, "beit" | "preprocessing" | "labels" | "multiLabel">;

export type ImagesOptions = ToImageOptions & {
  /** Images that the model sees at a time; 16 by default. The results do not depend on it. */
  readonly batchSize?: number | undefined;
  /** Ends the work between two batches. */
  readonly signal?: AbortSignalLike | undefined;
};

const BATCH_SIZE = 16;

/**
 * Results of all images in order, `compute`d from a batch of views at a time; images are decoded when their batch comes.
 *
 * @throws `[caller] image 3: …` for one that cannot be used
 */
export async function ofImages<Result>(
  caller: string,
  { preprocessing, beit }: ImageModel,
  images: readonly ImageInput[],
  { batchSize = BATCH_SIZE, signal, ...options }: ImagesOptions,
  compute: (views: readonly Float32Array[]) => Promise<readonly Result[]>,
): Promise<Result[]> {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`[${caller}] expected a batchSize of at least 1, got ${batchSize}`);
  }
  checkImageSize(caller, preprocessing, beit.config);
  const view = evalViewFields(preprocessing);
  const viewOf = async (image: ImageInput, index: number): Promise<Float32Array> => {
    try {
      return evalView(await toImage(image, { ...options, channels: view.channels }), view);
    } catch (cause) {
      throw new Error(`[${caller}] image ${index}: ${(cause as Error).message}`, { cause });
    }
  };
  const results: Result[] = [];
  for (let start = 0; start < images.length; start += batchSize) {
    if (signal?.aborted) throw signal.reason;
    const batch = images.slice(start, start + batchSize);
    results.push(...(await compute(await Promise.all(batch.map((image, i) => viewOf(image, start + i))))));
  }
  return results;
}

/** Whether it is several images: no kind of one is an array. */
export function areSeveral(images: ImageInput | readonly ImageInput[]): images is readonly ImageInput[] {
  return Array.isArray(images);
}
