// Images of the visitor to bytes and back to pictures. Decoding is the browser's.
import { createImage, type Image } from "@beitjs/tensor-core/image";
import type { Picture } from "../messages.ts";

/** Side that squares are kept at: larger ones are reduced. */
const MOST_PIXELS = 640;
const MOST_BYTES = 100e6;

/**
 * The central square of an image file, with three channels, at most 640 pixels wide, upright as its EXIF data say.
 *
 * @throws in plain words, if it is too large or no image that this browser reads
 */
export async function readSquare(file: Blob): Promise<Image> {
  const name = file instanceof File ? file.name : "the image";
  if (file.size > MOST_BYTES) {
    throw new Error(`[openImage] expected at most ${MOST_BYTES / 1e6} MB, got ${Math.round(file.size / 1e6)} MB`);
  }
  const bitmap = await createImageBitmap(file).catch((cause: unknown) => {
    throw new Error(
      `[openImage] expected an image that this browser can read, got ${name} (${file.type || "unknown"})`,
      {
        cause,
      },
    );
  });
  try {
    const side = Math.min(bitmap.width, bitmap.height);
    const size = Math.min(side, MOST_PIXELS);
    const context = canvasContext(size);
    context.imageSmoothingQuality = "high";
    // Transparent pixels would come out black.
    context.fillStyle = "#fff";
    context.fillRect(0, 0, size, size);
    const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
    context.drawImage(bitmap, left, top, side, side, 0, 0, size, size);
    return fromRgba(context.getImageData(0, 0, size, size));
  } finally {
    bitmap.close();
  }
}

function canvasContext(size: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(size, size).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("[openImage] expected a 2D canvas, got none: out of memory?");
  return context;
}

function fromRgba({ width, height, data }: ImageData): Image {
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) rgb.set(data.subarray(i * 4, i * 4 + 3), i * 3);
  return createImage(width, height, 3, rgb);
}

/** An image of three channels as a picture. */
export function imagePicture({ width, height, data }: Image): Picture {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(data.subarray(i * 3, i * 3 + 3), i * 4);
  return { width, height, rgba };
}

/** Values in [0, 1], [height, width, channels] with one channel or three, as a picture. */
export function toPicture(values: ArrayLike<number>, width: number, height = width): Picture {
  const channels = values.length / (width * height);
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) rgba[i * 4 + c] = 255 * values[i * channels + (channels === 1 ? 0 : c)];
    rgba[i * 4 + 3] = 255;
  }
  return { width, height, rgba };
}
