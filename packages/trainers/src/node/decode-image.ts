// Image files to pixels of 8 or 16 bits, with sharp. Anything doubtful is an error that names the file: a training run should not learn
// from the grey lower half of a truncated JPEG.
import { grayToRgb, isChannelCount, isColor, MAX_CHANNELS, withChannels, type Image } from "@beitjs/tensor-core/image";
import sharp, { type Metadata } from "sharp";
import { cmykToRgb, type ColorProfile } from "./color-profile.ts";
import { createDecodeBudget, withinBudget, type DecodeBudget } from "./decode-budget.ts";
import { bitsIssue, deepColor, largestOf, readDeep, scaled } from "./deep-samples.ts";
import { imageError, isImageError } from "./image-error.ts";
import { bandsIssue, foundBands, MOST_BANDS, readBands, type FoundBands } from "./read-bands.ts";
import { readBmp } from "./read-bmp.ts";
import { readPnm } from "./read-pnm.ts";
import { repairJpeg } from "./repair-jpeg.ts";
import { stripPng } from "./strip-png.ts";
import { readImageFile } from "./read-file.ts";
import { sniffImage } from "./sniff-image.ts";

export type DecodeOptions = {
  /**
   * 3 for RGB (default), 1 for grey by PIL's luma; 2 or 4 to 8 for files that have as many bands, alpha among them, which are given as
   * they are: their profiles mean nothing then.
   */
  readonly channels?: number | undefined;
  /** Larger images are refused before memory is taken for them; 268,402,689 (16383 x 16383) by default. */
  readonly maxPixels?: number;
  /** How many bits are used of samples of 16, from 8 to 16; without it files that use at most 12 are refused, as they would be black. */
  readonly bits?: number | undefined;
  /** Memory of all decodes at a time; one of 1 GiB that all share who name none. Images that alone take more are refused. */
  readonly budget?: DecodeBudget;
  /** What becomes of an embedded color profile, and of CMYK; `ignore` by default. */
  readonly colorProfile?: ColorProfile | undefined;
};

/** 16383 x 16383, sharp's own default. */
export const DEFAULT_MAX_PIXELS = 268_402_689;

// Of what is refused here; the next number when that changes.
const RULES = 2;
const sharedBudget = createDecodeBudget();
const formats = "a JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP or PNM image";

/**
 * Reads and decodes an image file. The path may be bytes, for names that are no valid Unicode.
 * @throws ImageError with `path` and `reason`: what `decodeImage` refuses, and files that are missing, unreadable, not
 * regular (a FIFO is not waited for) or larger than 1 GiB.
 */
export async function readImage(path: string | Buffer, options: DecodeOptions = {}): Promise<Image> {
  return decodeImage(await readImageFile(path), path.toString(), options);
}

/**
 * Decodes JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP or PNM (.pbm, .pgm, .ppm), recognized by content, in upright orientation (EXIF).
 * Samples of 16 bits stay so (`Uint16Array`, white is 65535 or the largest of `bits`), all others have 8.
 * Embedded color profiles are ignored and CMYK is converted as PIL does, unless `colorProfile` is `apply`, which gives 8 bits; alpha is
 * dropped, not blended, as PIL's `convert("RGB")` does. Of an animation or a multi-page file the first image is taken, but where
 * `channels` other than 1 and 3 are asked for and a TIFF has as many pages of one channel: these are the bands then.
 * @throws ImageError for other formats (named), damaged or truncated files, images above `maxPixels` or `budget`, other channels than
 * asked for, and samples that do not fit `bits`.
 */
export async function decodeImage(bytes: Uint8Array, path: string, options: DecodeOptions = {}): Promise<Image> {
  return (await decodeWithFacts(bytes, path, options)).image;
}

/** An image, and what its file has: channels (alpha and pages that are bands among them) and bits a sample. */
export type DecodedImage = { readonly image: Image; readonly channels: number; readonly depth: 8 | 16 };

/** @internal As `decodeImage`. */
export async function decodeWithFacts(bytes: Uint8Array, path: string, options: DecodeOptions): Promise<DecodedImage> {
  const {
    channels = 3,
    maxPixels = DEFAULT_MAX_PIXELS,
    bits,
    budget = sharedBudget,
    colorProfile = "ignore",
  } = options;
  if (bits !== undefined && !(Number.isInteger(bits) && bits >= 8 && bits <= 16)) {
    throw new RangeError(`[decodeImage] expected 8 to 16 bits, got ${bits}`);
  }
  if (!isChannelCount(channels)) {
    throw new RangeError(`[decodeImage] expected 1 to ${MAX_CHANNELS} channels, got ${String(channels)}`);
  }
  const refuse = (reason: string, cause?: unknown) => imageError("decodeImage", path, reason, cause);
  const type = sniffImage(bytes);
  if (!type.supported) throw refuse(`expected ${formats}, got ${type.name}`);
  if (type.name === "PNG" && !hasPngEnd(bytes)) throw refuse("damaged PNG: ends before its IEND chunk");
  const checkBits = (most: number) => {
    const issue = bitsIssue(most, bits);
    if (issue !== undefined) throw refuse(issue);
  };
  try {
    const opened = await openImage(bytes, type.name, { channels, maxPixels, bits, colorProfile, checkBits });
    const { width, height, bytesPerPixel, decode, issue } = opened;
    const size = `${width} x ${height}`;
    if (width * height > maxPixels) throw refuse(`expected at most ${maxPixels} pixels, got ${size}`);
    if (issue !== undefined) throw refuse(issue);
    const memory = width * height * bytesPerPixel;
    if (memory > budget.bytes)
      throw refuse(`expected at most ${budget.bytes} bytes in decoding, got ${memory} for ${size}`);
    const image = withChannels(await withinBudget(budget, memory, decode), channels);
    return { image, channels: opened.channels, depth: opened.depth };
  } catch (error) {
    if (isImageError(error)) throw error;
    throw refuse(`damaged ${type.name}: ${condense((error as Error).message)}`, error);
  }
}

/** What decides whether a file can be read, as plain values: what was found out under other rules says nothing. */
export type DecodingRules = {
  readonly decoder: string;
  readonly options: Readonly<
    Record<"bands" | "bits" | "colorProfile" | "maxPixels" | "memory", string | number | null>
  >;
};

/** The rules that images are decoded under. */
export function decodingRules(options: DecodeOptions): DecodingRules {
  const { maxPixels = DEFAULT_MAX_PIXELS, bits = null, budget = sharedBudget, colorProfile = "ignore" } = options;
  const { channels = 3 } = options;
  // Grey is made of whatever color is made of.
  const bands = isColor({ channels }) ? null : channels;
  const { sharp: version, vips } = sharp.versions;
  return {
    decoder: `rules ${RULES}, sharp ${version}, libvips ${vips}`,
    options: { bands, bits, colorProfile, maxPixels, memory: budget.bytes },
  };
}

/** An image whose header was read. */
type ImageToDecode = {
  readonly width: number;
  readonly height: number;
  /** Of the file: `decode` makes colors of them, or gives the bands that were asked for. */
  readonly channels: number;
  readonly depth: 8 | 16;
  /** Taken while it is decoded: what the file holds, and RGB. */
  readonly bytesPerPixel: number;
  /** Why it cannot be decoded. */
  readonly issue?: string | undefined;
  decode(): Promise<Image>;
};

type OpenOptions = {
  /** That are wanted. */
  readonly channels: number;
  readonly maxPixels: number;
  readonly bits: number | undefined;
  readonly colorProfile: ColorProfile;
  /** Called with the largest sample of 16 bits. */
  readonly checkBits: (most: number) => void;
};

async function openImage(bytes: Uint8Array, type: string, options: OpenOptions): Promise<ImageToDecode> {
  if (type === "BMP") return orIssue(readBmp(bytes), options);
  if (type === "PNM") return orIssue(readPnm(bytes, options), options);
  const { maxPixels, bits, colorProfile, checkBits } = options;
  const sound =
    type === "JPEG"
      ? repairJpeg(bytes)
      : type === "PNG"
        ? stripPng(bytes, { profile: colorProfile === "apply" })
        : bytes;
  const open = { failOn: "warning", limitInputPixels: false, limitInputChannels: MOST_BANDS } as const;
  const metadata = await sharp(sound, open).metadata();
  const { width, height, depth, channels, space, hasProfile } = metadata;
  const known = depth === "uchar" || depth === "ushort";
  const depthIssue = known ? undefined : `expected samples of at most 16 bits, got ${depth}`;
  const size = { width, height };
  if (wantsBands(metadata, options)) {
    const found = foundBands(metadata, type, options.channels);
    const issue = depthIssue ?? bandsIssue(sound, type, metadata, found, options.channels);
    return { ...size, ...openBands(sound, type, metadata, found, options), issue };
  }
  return {
    ...size,
    channels,
    depth: depth === "ushort" ? 16 : 8,
    bytesPerPixel: depth === "ushort" ? channels * 2 + 6 : channels + 3,
    issue: depthIssue ?? colorIssue(metadata, options),
    async decode() {
      if (depth === "ushort" && (space === "rgb16" || space === "grey16")) {
        const deep = await readDeep(sound, space, maxPixels);
        checkBits(largestOf(deep.data));
        if (bits !== undefined || !hasProfile || colorProfile === "ignore") return deepColor(deep, bits);
      }
      return decodePixels(sound, { maxPixels, colorProfile, inks: space === "cmyk" });
    },
  };
}

// Three bands that a file calls grey are colors where colors are wanted: of what else would they be made?
function wantsBands({ space, channels }: Metadata, { channels: wanted }: OpenOptions): boolean {
  return !isColor({ channels: wanted }) || (wanted === 3 && channels === 3 && (space === "b-w" || space === "grey16"));
}

function openBands(
  bytes: Uint8Array,
  type: string,
  metadata: Metadata,
  found: FoundBands,
  { maxPixels, bits, checkBits }: OpenOptions,
): Pick<ImageToDecode, "channels" | "depth" | "bytesPerPixel" | "decode"> {
  const { channels, depth } = found;
  return {
    ...{ channels, depth },
    bytesPerPixel: (channels + 2) * (depth / 8) * 2,
    async decode() {
      const image = await readBands(bytes, type, metadata, found, maxPixels);
      if (!(image.data instanceof Uint16Array)) return image;
      checkBits(largestOf(image.data));
      return { ...image, data: scaled(image.data, bits) };
    },
  };
}

// Which bands of many are the colors, nobody has said.
function colorIssue({ space, channels }: Metadata, { channels: wanted }: OpenOptions): string | undefined {
  const colors = { "b-w": 1, grey16: 1, srgb: 3, rgb16: 3, cmyk: 4 }[space as string];
  if (colors === undefined || channels <= colors + 1) return undefined;
  return (
    `expected ${wanted === 1 ? "grey" : "colors"} and at most alpha, got ${channels} channels; a model of as many takes them ` +
    `(channels, --channels ${channels})`
  );
}

// Formats of one channel or three.
function orIssue(image: ImageToDecode, { channels: wanted }: OpenOptions): ImageToDecode {
  if (isColor({ channels: wanted })) return image;
  return { ...image, issue: `expected ${wanted} channels, got ${image.channels}` };
}

type PixelOptions = Pick<OpenOptions, "maxPixels" | "colorProfile"> & {
  /** The file holds amounts of ink, CMYK. */
  readonly inks: boolean;
};

async function decodePixels(bytes: Uint8Array, { maxPixels, colorProfile, inks }: PixelOptions): Promise<Image> {
  const ignoreIcc = colorProfile === "ignore";
  const ownInks = inks && ignoreIcc;
  const space = ownInks ? "cmyk" : "srgb";
  // The pipeline's color space makes sharp apply profiles of 16-bit images too.
  const { data, info } = await sharp(bytes, { failOn: "warning", limitInputPixels: maxPixels, ignoreIcc })
    .autoOrient()
    .pipelineColourspace(space)
    .toColourspace(space)
    .removeAlpha()
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (ownInks) return { width, height, channels: 3, data: cmykToRgb(data) };
  if (channels !== 1 && channels !== 3) throw new Error(`expected 1 or 3 channels after conversion, got ${channels}`);
  return grayToRgb({ width, height, channels, data: new Uint8Array(data.buffer, data.byteOffset, data.length) });
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
