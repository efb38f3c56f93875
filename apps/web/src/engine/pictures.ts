// Images of the visitor to bytes and back to pictures. Decoding is the browser's.
import { heightWidth, type HeightWidth, type ImageSize } from "@beitjs/tensor-core/grid";
import { createImage, toImage, type Image } from "@beitjs/tensor-core/image";
import type { ColorProfile, Picture } from "../messages.ts";

/** Longer side that pictures are kept at: larger ones are reduced. */
const MOST_PIXELS = 640;
const MOST_BYTES = 100e6;

/**
 * The middle of an image file in the proportions of a size, with three channels, at most 640 pixels on the longer side, upright
 * as its EXIF data say. As in Node, alpha is dropped, not blended, and color profiles are applied only where they are asked for.
 *
 * @throws in plain words, if it is too large or no image that this browser reads
 */
export async function readMiddle(file: Blob, proportions: ImageSize, colorProfile: ColorProfile): Promise<Image> {
  const name = file instanceof File ? file.name : "the image";
  if (file.size > MOST_BYTES) {
    throw new Error(`[openImage] expected at most ${MOST_BYTES / 1e6} MB, got ${Math.round(file.size / 1e6)} MB`);
  }
  const colorSpaceConversion = colorProfile === "apply" ? "default" : "none";
  const options: ImageBitmapOptions = { colorSpaceConversion, premultiplyAlpha: "none" };
  const bitmap = await createImageBitmap(file, options).catch((cause: unknown) => {
    throw new Error(
      `[openImage] expected an image that this browser can read, got ${name} (${file.type || "unknown"})`,
      {
        cause,
      },
    );
  });
  try {
    const part = middleOf(bitmap, heightWidth(proportions));
    const scale = Math.min(1, MOST_PIXELS / Math.max(part.width, part.height));
    const [width, height] = [part.width, part.height].map((side) => Math.max(1, Math.round(side * scale)));
    const context = canvasContext(width, height);
    context.imageSmoothingQuality = "high";
    const [left, top] = [(bitmap.width - part.width) / 2, (bitmap.height - part.height) / 2];
    const draw = (source: CanvasImageSource): ImageData => {
      context.drawImage(source, left, top, part.width, part.height, 0, 0, width, height);
      return context.getImageData(0, 0, width, height);
    };
    const drawn = draw(bitmap);
    return fromRgba(isOpaque(drawn) ? drawn : draw(await withoutAlpha(bitmap)));
  } finally {
    bitmap.close();
  }
}

// The same picture, opaque: its colors are those that the file has, as `toImage` finds them.
async function withoutAlpha(bitmap: ImageBitmap): Promise<OffscreenCanvas> {
  const { width, height, rgba } = imagePicture(await toImage(bitmap));
  const context = canvasContext(width, height);
  context.putImageData(new ImageData(rgba, width, height), 0, 0);
  return context.canvas;
}

function canvasContext(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("[openImage] expected a 2D canvas, got none: out of memory?");
  return context;
}

/** The largest part of an image that has these proportions. */
function middleOf(image: HeightWidth, { height, width }: HeightWidth): HeightWidth {
  return {
    height: Math.min(image.height, (image.width * height) / width),
    width: Math.min(image.width, (image.height * width) / height),
  };
}

function isOpaque({ data }: ImageData): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
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
export function toPicture(values: ArrayLike<number>, size: ImageSize): Picture {
  const { height, width } = heightWidth(size);
  const channels = values.length / (width * height);
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) rgba[i * 4 + c] = 255 * values[i * channels + (channels === 1 ? 0 : c)];
    rgba[i * 4 + 3] = 255;
  }
  return { width, height, rgba };
}
