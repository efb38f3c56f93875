// Pictures of the report: PNG as data URIs, as small as they are, and scaled up by the page without smoothing.
import { cellAt, type Grid } from "@beitjs/tensor-core/grid";
import { isColor, toBytes, type Box, type ByteImage, type Image } from "@beitjs/tensor-core/image";
import sharp, { type Sharp } from "sharp";
import { html, type Html } from "../report/html.ts";

/** An image as an <img>; `width` in CSS pixels, the page may show it smaller. */
export async function picture(image: Image, alt: string, width = 112): Promise<Html> {
  const height = Math.round((width * image.height) / image.width);
  return html`<img src="${await pngUri(image)}" width="${width}" height="${height}" alt="${alt}" />`;
}

/** An image as a screen shows it: of samples of 16 bits their upper bytes, of bands the first three as red, green and blue, or one of two. */
export function visible(image: Image): ByteImage & { readonly channels: 1 | 3 } {
  const { width, height, channels, data } = toBytes(image);
  const shown = channels < 3 ? 1 : 3;
  if (isColor({ channels })) return { width, height, channels: shown, data };
  const part = new Uint8Array(width * height * shown);
  for (let i = 0; i < part.length; i++) part[i] = data[Math.floor(i / shown) * channels + (i % shown)];
  return { width, height, channels: shown, data: part };
}

/** An image for sharp, to be written as grey or color. */
export function pipelineOf(image: Image): Sharp {
  const { width, height, channels, data } = visible(image);
  return sharp(data, { raw: { width, height, channels } }).toColourspace(channels === 1 ? "b-w" : "srgb");
}

/** PNG of an image as a data URI. */
export async function pngUri(image: Image): Promise<string> {
  const png = await pipelineOf(image).png({ compressionLevel: 9 }).toBuffer();
  return `data:image/png;base64,${png.toString("base64")}`;
}

export type Color = readonly [red: number, green: number, blue: number];

/** Every pixel as a square of `factor` pixels, in color. */
export function enlarge(picture: Image, factor: number): ByteImage {
  const image = visible(picture);
  const [width, height] = [image.width * factor, image.height * factor];
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (Math.floor(y / factor) * image.width + Math.floor(x / factor)) * image.channels;
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = image.data[from + (image.channels === 3 ? c : 0)];
    }
  }
  return { width, height, channels: 3, data };
}

/** A frame drawn on the inner edge of a box, in place. */
export function frame({ width, data }: Image, box: Box, color: Color, thickness = 2): void {
  for (let y = box.top; y < box.top + box.height; y++) {
    for (let x = box.left; x < box.left + box.width; x++) {
      const edge = Math.min(x - box.left, box.left + box.width - 1 - x, y - box.top, box.top + box.height - 1 - y);
      if (edge < thickness) data.set(color, (y * width + x) * 3);
    }
  }
}

/** The pixels of masked patches from `hidden`, the others from `shown`, both of bytes; cells row by row, 1 = masked. */
export function composite(
  shown: Image,
  hidden: Image,
  { cells, grid }: { readonly cells: ArrayLike<number>; readonly grid: Grid },
): Image {
  const { width, height, channels } = shown;
  const data = Uint8Array.from(shown.data);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    if (cells[cellAt(x, y, shown, grid)] === 1) data[i] = hidden.data[i];
  }
  return { width, height, channels, data };
}

/** An image of one color. */
export function plain({ width, height, channels }: Pick<Image, "width" | "height" | "channels">, value: number): Image {
  return { width, height, channels, data: new Uint8Array(width * height * channels).fill(value) };
}
