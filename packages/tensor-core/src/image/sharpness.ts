// Sharpness equal to PIL's ImageEnhance.Sharpness: a blend with the smoothed image (ImageFilter.SMOOTH, libImaging/Filter.c).
import { blend, checkFactor } from "./color.ts";
import { checkPicture, type ByteImage, type Image } from "./image.ts";

/**
 * Blends with the smoothed image: factor 0 is smooth, 1 the image, above 1 sharper. The outermost pixels stay as they are.
 * @throws RangeError for channels that are no colors, samples of 16 bits, or a factor that is not finite
 */
export function adjustSharpness(image: Image, factor: number): ByteImage {
  checkPicture("adjustSharpness", image);
  const share = Math.fround(checkFactor("adjustSharpness", factor));
  const { width, height, channels, data } = image;
  const out = Uint8ClampedArray.from(data);
  const line = width * channels;
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * line + channels; i < (y + 1) * line - channels; i++) {
      out[i] = Math.trunc(blend(smoothed(data, i, line, channels), data[i], share));
    }
  }
  return { width, height, channels, data: new Uint8Array(out.buffer) };
}

// 1 for the neighbors, 5 for the pixel, over 13. Pillow adds floats, but no sum of whole numbers is near a half of 13.
function smoothed(data: Uint8Array, i: number, line: number, channels: number): number {
  let sum = 4 * data[i];
  for (let row = i - line; row <= i + line; row += line) sum += data[row - channels] + data[row] + data[row + channels];
  return Math.floor(sum / 13 + 0.5);
}
