// Images of two, or of four to eight bands, such as satellites and microscopes make, with every sample as the file has it: no color is
// converted, alpha is a band like others, and profiles mean nothing.
import type { Image } from "@beitjs/tensor-core/image";
import sharp, { type Metadata } from "sharp";
import { calledColors, readTiffHeader } from "./tiff-header.ts";

/** More than any image of ours has, so that a file of more is refused by name. */
export const MOST_BANDS = 64;

/** What a file has: bands in all, alpha among them, or pages of one band each. */
export type FoundBands = { readonly channels: number; readonly depth: 8 | 16; readonly paged: boolean };

/**
 * The bands of a file. Pages are the bands of a file whose pages have one each, where they are as many as are wanted; of all other files
 * with pages the first counts.
 */
export function foundBands({ channels, depth, pages = 1 }: Metadata, type: string, wanted: number): FoundBands {
  const paged = type === "TIFF" && channels === 1 && pages > 1 && pages === wanted;
  return { channels: paged ? pages : channels, depth: depth === "ushort" ? 16 : 8, paged };
}

/** Why bands cannot be read as so many, if they cannot. */
export function bandsIssue(
  bytes: Uint8Array,
  type: string,
  { space, pages = 1 }: Metadata,
  found: FoundBands,
  wanted: number,
): string | undefined {
  if (!["b-w", "grey16", "srgb", "rgb16"].includes(space)) {
    return `expected ${wanted} channels as they are, got ${found.channels} of the color space ${space}`;
  }
  if (found.channels !== wanted) {
    const paged = type === "TIFF" && pages > 1 ? ` in the first of ${pages} pages` : "";
    return `expected ${wanted} channels, got ${found.channels}${paged}`;
  }
  const header = type === "TIFF" ? readTiffHeader(bytes) : undefined;
  // The decoder needs three to take them for colors.
  if (header?.photometric === 0) return `expected ${wanted} channels where 0 is black, got some where it is white`;
  if (header?.isPlanar && wanted === 2 && header.photometric === 1) {
    return "expected two grey channels pixel by pixel, got them one after another (planar): write them interleaved";
  }
  return undefined;
}

/** Upright samples of every band. */
export async function readBands(
  bytes: Uint8Array,
  type: string,
  { space }: Metadata,
  { channels, depth, paged }: FoundBands,
  maxPixels: number,
): Promise<Image> {
  const open = { depth, maxPixels };
  if (paged) {
    const pages = await Promise.all(
      Array.from({ length: channels }, (_, page) => readSamples(bytes, { ...open, page, space })),
    );
    return interleaved(pages);
  }
  const header = type === "TIFF" && channels >= 3 ? readTiffHeader(bytes) : undefined;
  if (header?.photometric === 1) {
    return readSamples(calledColors(bytes, header), { ...open, space: depth === 16 ? "rgb16" : "srgb" });
  }
  if (space !== "b-w" || channels === 1) return readSamples(bytes, { ...open, space });
  // Of grey with 8 bits only the first band is given; as colors it is given three times, with the others behind.
  return withoutCopies(await readSamples(bytes, { ...open, space: "srgb" }));
}

type SampleOptions = {
  readonly space: string;
  readonly depth: 8 | 16;
  readonly maxPixels: number;
  readonly page?: number;
};

async function readSamples(bytes: Uint8Array, { space, depth, maxPixels, page }: SampleOptions): Promise<Image> {
  const options = {
    ...({ failOn: "warning", limitInputPixels: maxPixels, limitInputChannels: MOST_BANDS, ignoreIcc: true } as const),
    ...(page !== undefined && { page }),
  };
  const { data, info } = await sharp(bytes, options)
    .autoOrient()
    .pipelineColourspace(space)
    .toColourspace(space)
    .raw({ depth: depth === 16 ? "ushort" : "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const { buffer, byteOffset, length } = data;
  const samples =
    depth === 16 ? new Uint16Array(buffer, byteOffset, length / 2) : new Uint8Array(buffer, byteOffset, length);
  return { width, height, channels, data: samples };
}

function interleaved(pages: readonly Image[]): Image {
  const [{ width, height, data: first }] = pages;
  const channels = pages.length;
  const length = width * height * channels;
  const data = first.BYTES_PER_ELEMENT === 2 ? new Uint16Array(length) : new Uint8Array(length);
  for (const [c, page] of pages.entries()) {
    if (page.width !== width || page.height !== height || page.data.length !== first.length) {
      const got = `${page.width} x ${page.height} of ${page.channels}`;
      throw new Error(`expected pages of ${width} x ${height} and one channel each, got page ${c + 1} of ${got}`);
    }
    for (let i = 0, to = c; i < page.data.length; i++, to += channels) data[to] = page.data[i];
  }
  return { width, height, channels, data };
}

function withoutCopies({ width, height, channels, data }: Image): Image {
  const kept = channels - 2;
  const out = new Uint8Array(width * height * kept);
  for (let from = 0, to = 0; from < data.length; from += channels) {
    out[to++] = data[from];
    for (let c = 3; c < channels; c++) out[to++] = data[from + c];
  }
  return { width, height, channels: kept, data: out };
}
