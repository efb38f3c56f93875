// Image files to 8-bit pixels, with sharp. Anything doubtful is an error that names the file: a training run should not learn
// from the grey lower half of a truncated JPEG.
import { constants, promises as files } from "node:fs";
import { grayToRgb, withChannels, type Image } from "@beitjs/tensor-core/image";
import sharp, { type Metadata } from "sharp";
import { cmykToRgb, type ColorProfile } from "./color-profile.ts";
import { fileErrorReason, imageError, isImageError } from "./image-error.ts";
import { SNIFF_LENGTH, sniffImage } from "./sniff-image.ts";

export type DecodeOptions = {
  /** 3 for RGB (default), 1 for grey by PIL's luma. */
  readonly channels?: 1 | 3;
  /** Larger images are refused before memory is taken for them; 268,402,689 (16383 x 16383) by default. */
  readonly maxPixels?: number;
  /** What becomes of an embedded color profile, and of CMYK; `ignore` by default. */
  readonly colorProfile?: ColorProfile | undefined;
};

/** 16383 x 16383, sharp's own default. */
export const DEFAULT_MAX_PIXELS = 268_402_689;

const MAX_FILE_BYTES = 2 ** 30;
const formats = "a JPEG, PNG, WebP, GIF, TIFF or AVIF image";

/**
 * Reads and decodes an image file. The path may be bytes, for names that are no valid Unicode.
 * @throws ImageError with `path` and `reason`: what `decodeImage` refuses, and files that are missing, unreadable, not
 * regular (a FIFO is not waited for) or larger than 1 GiB.
 */
export async function readImage(path: string | Buffer, options: DecodeOptions = {}): Promise<Image> {
  const name = path.toString();
  let bytes: Buffer;
  try {
    bytes = await readRegularFile(path, name);
  } catch (error) {
    throw isImageError(error) ? error : imageError("readImage", name, fileErrorReason(error), error);
  }
  return decodeImage(bytes, name, options);
}

/**
 * Decodes JPEG, PNG, WebP, GIF, TIFF or AVIF, recognized by content, to 8 bits a channel in upright orientation (EXIF).
 * Embedded color profiles are ignored and CMYK is converted as PIL does, unless `colorProfile` is `apply`; alpha is dropped, not blended, as PIL's `convert("RGB")` does; 16-bit
 * samples keep their upper byte; of an animation or a multi-page file the first image is taken.
 * @throws ImageError for other formats (named), damaged or truncated files, and images above `maxPixels`.
 */
export async function decodeImage(bytes: Uint8Array, path: string, options: DecodeOptions = {}): Promise<Image> {
  const { channels = 3, maxPixels = DEFAULT_MAX_PIXELS, colorProfile = "ignore" } = options;
  const refuse = (reason: string, cause?: unknown) => imageError("decodeImage", path, reason, cause);
  const type = sniffImage(bytes);
  if (!type.supported) throw refuse(`expected ${formats}, got ${type.name}`);
  if (type.name === "PNG" && !hasPngEnd(bytes)) throw refuse("damaged PNG: ends before its IEND chunk");
  try {
    const refusal = refusalOf(await sharp(bytes, { failOn: "warning", limitInputPixels: false }).metadata(), maxPixels);
    if (refusal) throw refuse(refusal);
    return withChannels(await decodePixels(bytes, maxPixels, colorProfile), channels);
  } catch (error) {
    if (isImageError(error)) throw error;
    throw refuse(`damaged ${type.name}: ${condense((error as Error).message)}`, error);
  }
}

async function decodePixels(bytes: Uint8Array, maxPixels: number, colorProfile: ColorProfile): Promise<Image> {
  const ignoreIcc = colorProfile === "ignore";
  const source = sharp(bytes, { failOn: "warning", limitInputPixels: maxPixels, ignoreIcc });
  const inks = ignoreIcc && (await source.metadata()).space === "cmyk";
  const space = inks ? "cmyk" : "srgb";
  // The pipeline's color space makes sharp apply profiles of 16-bit images too.
  const { data, info } = await source
    .autoOrient()
    .pipelineColourspace(space)
    .toColourspace(space)
    .removeAlpha()
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (inks) return { width, height, channels: 3, data: cmykToRgb(data) };
  if (channels !== 1 && channels !== 3) throw new Error(`expected 1 or 3 channels after conversion, got ${channels}`);
  return grayToRgb({ width, height, channels, data: new Uint8Array(data.buffer, data.byteOffset, data.length) });
}

function refusalOf({ width, height, depth }: Metadata, maxPixels: number): string | undefined {
  if (width * height > maxPixels) return `expected at most ${maxPixels} pixels, got ${width} x ${height}`;
  if (depth !== "uchar" && depth !== "ushort") return `expected samples of at most 16 bits, got ${depth}`;
  return undefined;
}

async function readRegularFile(path: string | Buffer, name: string): Promise<Buffer> {
  // Without blocking, so that opening a FIFO returns and its type can be looked at.
  const handle = await files.open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = await handle.stat();
    if (!stats.isFile())
      throw imageError("readImage", name, stats.isDirectory() ? "is a directory" : "is not a regular file");
    if (stats.size > MAX_FILE_BYTES) {
      throw imageError("readImage", name, `expected at most ${MAX_FILE_BYTES} bytes, got ${stats.size}`);
    }
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SNIFF_LENGTH), 0, SNIFF_LENGTH, 0);
    const head = buffer.subarray(0, bytesRead);
    return sniffImage(head).supported ? await handle.readFile() : head;
  } finally {
    await handle.close();
  }
}

// The decoder is content once all rows are there; a file cut within its last bytes is still not the file that was written.
function hasPngEnd(bytes: Uint8Array): boolean {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).lastIndexOf("IEND", undefined, "latin1");
  return at >= 0 && at + 8 <= bytes.length;
}

function condense(message: string): string {
  const lines = message.split("\n").map((line) => line.trim().replace(/^Input buffer has corrupt header: /, ""));
  const kept = lines.filter((line) => line !== "" && !line.startsWith("source: bad seek"));
  return [...new Set(kept)].join("; ").slice(0, 200);
}
