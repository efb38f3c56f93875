// From images to a batch of pixels as models take it: views one after another; or for tokenizers scaled with Lanczos until they
// cover `size`, cut to their center, bytes to [0, 1]. (openai/DALL-E notebooks/usage.ipynb, without the tokenizer's pixel mapping.)
import type { Backend } from "../backend.ts";
import { formatAsSize, heightWidth, imageShape, isImageSize, type HeightWidth, type ImageSize } from "../grid.ts";
import { tensor, type Tensor } from "../tensor.ts";
import { centerCropBox, crop } from "./crop.ts";
import { isChannelCount, MAX_CHANNELS, type ByteImage, type Image } from "./image.ts";
import { fromFloat, toFloat } from "./normalize.ts";
import { resizeToCover } from "./resize.ts";

/**
 * A batch of images of one size with values in [0, 1]; what is beyond its shape is cut away on both sides. -> [B, H, W, C]
 *
 * @throws RangeError without images, if their channels differ, or if `size` is no size
 */
export function imageTensor(
  images: readonly Image[],
  { size }: { readonly size: ImageSize },
  backend: Backend,
): Tensor {
  if (images.length === 0) throw new RangeError("[imageTensor] expected at least one image, got none");
  if (!isImageSize(size))
    throw new RangeError(`[imageTensor] expected a size of at least 1, got ${formatAsSize(size)}`);
  const target = heightWidth(size);
  const { channels } = images[0];
  const length = target.height * target.width * channels;
  const values = new Float32Array(images.length * length);
  images.forEach((image, i) => {
    if (image.channels !== channels) {
      throw new RangeError(
        `[imageTensor] expected ${channels} channels in image ${i} as in image 0, got ${image.channels}`,
      );
    }
    values.set(toFloat(coverWith(image, target), "unit"), i * length);
  });
  return tensor(values, [images.length, target.height, target.width, channels], backend);
}

/**
 * The images of values in [0, 1], one after another: what `imageTensor` came from, and what models give.
 *
 * @throws RangeError for other channels than 1 to 8, or values that do not fill whole images
 */
export function imagesOf(
  values: Float32Array,
  { imageSize, channels }: { readonly imageSize: ImageSize; readonly channels: number },
): ByteImage[] {
  if (!isChannelCount(channels)) {
    throw new RangeError(`[imagesOf] expected 1 to ${MAX_CHANNELS} channels, got ${String(channels)}`);
  }
  const size = heightWidth(imageSize);
  const length = size.height * size.width * channels;
  if (values.length % length !== 0) {
    throw new RangeError(`[imagesOf] expected a multiple of ${length} values, got ${values.length}`);
  }
  return Array.from({ length: values.length / length }, (_, i) =>
    fromFloat(values.subarray(i * length, (i + 1) * length), { ...size, channels }, "unit"),
  );
}

/** Views of equal length one after another: B views of [H, W, C] are [B, H, W, C]. */
export function stack(views: readonly Float32Array[]): Float32Array {
  const size = views[0]?.length ?? 0;
  const out = new Float32Array(views.length * size);
  for (const [i, view] of views.entries()) {
    if (view.length !== size) throw new RangeError(`[stack] expected views of ${size} values, got ${view.length}`);
    out.set(view, i * size);
  }
  return out;
}

/** Views of [H, W, C] on a backend. -> [B, H, W, C] */
export function viewBatch(
  views: readonly Float32Array[],
  images: { readonly imageSize: ImageSize; readonly channels: number },
  backend: Backend,
): Tensor {
  return tensor(stack(views), imageShape(views.length, images), backend);
}

function coverWith(image: Image, size: HeightWidth): Image {
  const resized = resizeToCover(image, size, "lanczos");
  return crop(resized, centerCropBox(resized.width, resized.height, size));
}
