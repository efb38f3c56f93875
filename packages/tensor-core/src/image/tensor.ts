// From images to a batch of pixels as models take it: short side to `size` with Lanczos, central square, bytes to [0, 1].
// (openai/DALL-E notebooks/usage.ipynb, without the pixel mapping, which is the tokenizer's.)
import type { Backend } from "../backend.ts";
import { tensor, type Tensor } from "../tensor.ts";
import { centerCropBox, crop } from "./crop.ts";
import type { Image } from "./image.ts";
import { toFloat } from "./normalize.ts";
import { resizeShortSide } from "./resize.ts";

/**
 * A batch of square images with values in [0, 1]. -> [B, size, size, C]
 *
 * @throws RangeError without images, if their channels differ, or if `size` is no positive integer
 */
export function imageTensor(images: readonly Image[], { size }: { readonly size: number }, backend: Backend): Tensor {
  if (images.length === 0) throw new RangeError("[imageTensor] expected at least one image, got none");
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`[imageTensor] expected a size of at least 1, got ${size}`);
  const { channels } = images[0];
  const length = size * size * channels;
  const values = new Float32Array(images.length * length);
  images.forEach((image, i) => {
    if (image.channels !== channels) {
      throw new RangeError(
        `[imageTensor] expected ${channels} channels in image ${i} as in image 0, got ${image.channels}`,
      );
    }
    values.set(toFloat(squareOf(image, size), "unit"), i * length);
  });
  return tensor(values, [images.length, size, size, channels], backend);
}

function squareOf(image: Image, size: number): Image {
  const resized = resizeShortSide(image, size, "lanczos");
  return crop(resized, centerCropBox(resized.width, resized.height, { width: size, height: size }));
}
