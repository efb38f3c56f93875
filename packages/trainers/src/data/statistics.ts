// The mean and std of images by channel, which views scale them by: half of white for photographs, and far from it for what satellites
// and X-rays give.
import { withChannels, type Normalization } from "@beitjs/tensor-core/image";
import type { Dataset } from "./dataset.ts";

/**
 * Mean and std of all pixels of a data set by channel, values in [0, 1]: as `views` and `view.normalization` of a recipe take them.
 * Reads every image.
 *
 * @param options.channels of images that are grey or color; by default those of the first image
 * @throws RangeError when images have other channels; what reading an image throws, and the signal's reason
 */
export async function pixelStatistics(
  images: Dataset,
  { channels, signal }: { readonly channels?: number | undefined; readonly signal?: AbortSignal } = {},
): Promise<Exclude<Normalization, string>> {
  let [sums, squares]: [number[], number[]] = [[], []];
  let pixels = 0;
  for (let index = 0; index < images.length; index++) {
    signal?.throwIfAborted();
    const { image } = await images.get(index);
    const count = channels ?? (index === 0 ? image.channels : sums.length);
    if (index === 0) [sums, squares] = [new Array<number>(count).fill(0), new Array<number>(count).fill(0)];
    const { data, width, height } = withChannels(image, count);
    // Of whole numbers, whose sums are exact: of 16 bits up to two million pixels.
    const white = 2 ** (8 * data.BYTES_PER_ELEMENT) - 1;
    for (let c = 0; c < count; c++) {
      let [sum, square] = [0, 0];
      for (let i = c; i < data.length; i += count) {
        sum += data[i];
        square += data[i] * data[i];
      }
      sums[c] += sum / white;
      squares[c] += square / white / white;
    }
    pixels += width * height;
  }
  const mean = sums.map((sum) => sum / pixels);
  return { mean, std: squares.map((square, c) => Math.sqrt(Math.max(0, square / pixels - mean[c] ** 2))) };
}
