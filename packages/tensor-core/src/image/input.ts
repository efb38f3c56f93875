// Images as programs have them, as the one kind that is worked on here: pixels of any usual layout, what a page draws, pipelines of
// sharp, and encoded files, which a decoder reads that the caller brings, or the browser's own.
import { nodeModule, nodeProcess } from "../host.ts";
import { shownAddress } from "../files/address.ts";
import { openFile } from "../files/node.ts";
import { readWhole } from "../files/source.ts";
import { openUrl } from "../files/url.ts";
import { canDecode, decodeInBrowser, isDrawable, pixelsOf, type Drawable } from "./canvas.ts";
import {
  blankLike,
  createImage,
  isChannelCount,
  isColor,
  isDeep,
  MAX_CHANNELS,
  type Image,
  type Samples,
} from "./image.ts";

/**
 * Bytes row by row, one to four a pixel: grey, grey and alpha, RGB, RGBA. An `ImageData` is one, and what `sharp(…).raw()` gives.
 * Or 1 to 8 bands of bytes or of 16 bits (`Uint16Array`). Without `channels`, their number follows from that of the samples.
 */
export type Pixels = {
  readonly width: number;
  readonly height: number;
  readonly channels?: number;
  readonly data: ArrayLike<number> & { readonly BYTES_PER_ELEMENT?: number };
};

/** The part of a `Blob` or `File` that is used here. */
export type ImageBlob = { readonly name?: string; arrayBuffer(): Promise<ArrayBuffer> };

/** The part of a pipeline of sharp that is used here. */
export type SharpPipeline = {
  clone(): SharpPipeline;
  removeAlpha(): SharpPipeline;
  toColourspace(space: "srgb"): SharpPipeline;
  raw(options: { depth: "uchar" }): SharpPipeline;
  toBuffer(options: {
    resolveWithObject: true;
  }): Promise<{ readonly data: Uint8Array; readonly info: Omit<Pixels, "data"> }>;
};

/**
 * - pixels: an `Image`, an `ImageData`, bytes with width and height
 * - what a page draws: `ImageBitmap`, a canvas, `<img>`, `<video>`, `VideoFrame`
 * - a pipeline of sharp, which gives its result
 * - an encoded image: `Blob`, `File`, bytes (`Buffer`), a `URL`, or a string: a path in Node, an address where it begins with http
 *   or in a browser
 */
export type ImageInput =
  Image | Pixels | Drawable | SharpPipeline | ImageBlob | Uint8Array | ArrayBuffer | { readonly href: string } | string;

/**
 * Reads an encoded image; `name` is for messages, `channels` are said where they are neither 1 nor 3. In Node this is `decodeImage` of
 * `@beitjs/trainers/node`.
 */
export type ImageDecoder = (bytes: Uint8Array, name: string, options: { readonly channels?: number }) => Promise<Image>;

export type ToImageOptions = {
  /**
   * Channels that are wanted, 1 to 8. Of 1 and 3, the default, alpha is dropped; of others pixels must have as many, alpha among
   * them, and encoded images need a decoder, as browsers give colors of 8 bits.
   */
  readonly channels?: number | undefined;
  /** Of encoded images; by default the browser's, where there is one, upright and with color profiles ignored, as `decodeImage`. */
  readonly decode?: ImageDecoder | undefined;
};

/**
 * Any input as an image of one channel or three, or of as many as `channels` says. Alpha is dropped, not blended, as everywhere here:
 * colors are those that stand in the file, also where it is transparent.
 *
 * ```ts
 * const image = await toImage("photo.jpg", { decode: decodeImage });
 * ```
 * @throws `[toImage] expected …, got …` for what is no image, and for an encoded one without a decoder; what the decoder throws;
 * FileError for a path or an address
 */
export async function toImage(input: ImageInput, { decode, channels }: ToImageOptions = {}): Promise<Image> {
  const wanted = bandsOf(channels);
  if (typeof input === "object" && input !== null) {
    if (isPixels(input)) return fromPixels(input, wanted);
    if (wanted !== undefined && (isDrawable(input) || isPipeline(input))) throw noBands(wanted, "a picture");
    if (isDrawable(input)) return fromPixels(pixelsOf(input));
    if (isPipeline(input)) return fromPipeline(input);
    if (isBlob(input) && !decode && canDecode() && wanted === undefined) {
      return fromPixels(await decodeInBrowser(input));
    }
  }
  const { bytes, name } = await encodedBytes(input);
  if (decode) return fromPixels(await decode(bytes, name, wanted === undefined ? {} : { channels: wanted }), wanted);
  if (wanted !== undefined) throw noBands(wanted, name);
  if (canDecode()) return fromPixels(await decodeInBrowser(bytes, name));
  throw new Error(
    `[toImage] expected pixels, or a decoder for encoded images outside of browsers, got ${name} without one: ` +
      'pass { decode: decodeImage } from "@beitjs/trainers/node"',
  );
}

type Encoded = { readonly bytes: Uint8Array; readonly name: string };

async function encodedBytes(input: ImageInput): Promise<Encoded> {
  if (input instanceof Uint8Array) return { bytes: input, name: "(bytes)" };
  if (input instanceof ArrayBuffer) return { bytes: new Uint8Array(input), name: "(bytes)" };
  if (typeof input === "string") return readAddressed(input);
  if (typeof input === "object" && input !== null) {
    if ("href" in input) return readAddressed(input.href);
    if (isBlob(input)) return { bytes: new Uint8Array(await input.arrayBuffer()), name: input.name ?? "(blob)" };
  }
  const got = typeof input === "object" && input !== null ? `an object of ${Object.keys(input).join(", ")}` : input;
  throw new TypeError(`[toImage] expected an image, pixels, a path, an address, a Blob or bytes, got ${String(got)}`);
}

async function readAddressed(place: string): Promise<Encoded> {
  const onDisk = nodeProcess() !== undefined && !/^(https?|data|blob):/i.test(place);
  if (!onDisk) return { bytes: await readWhole(await openUrl(place)), name: shownAddress(place) };
  const file = await openFile(/^file:/i.test(place) ? nodeModule("node:url").fileURLToPath(place) : place);
  try {
    return { bytes: await readWhole(file), name: place };
  } finally {
    await file.close();
  }
}

function isPixels(input: object): input is Image | Pixels {
  return "data" in input && "width" in input && "height" in input;
}

function isPipeline(input: object): input is SharpPipeline {
  return "removeAlpha" in input && "toBuffer" in input && "clone" in input;
}

function isBlob(input: object): input is ImageBlob {
  return "arrayBuffer" in input && typeof input.arrayBuffer === "function";
}

async function fromPipeline(pipeline: SharpPipeline): Promise<Image> {
  // A copy, so that the caller can go on with the pipeline.
  const pixels = pipeline.clone().removeAlpha().toColourspace("srgb").raw({ depth: "uchar" });
  const { data, info } = await pixels.toBuffer({ resolveWithObject: true });
  return fromPixels({ ...info, data });
}

// Channels that are wanted as they are; undefined for grey and colors, which are made of one another and lose their alpha.
function bandsOf(channels: number | undefined): number | undefined {
  if (channels === undefined) return undefined;
  if (!isChannelCount(channels)) {
    throw new RangeError(`[toImage] expected 1 to ${MAX_CHANNELS} channels, got ${String(channels)}`);
  }
  return isColor({ channels }) ? undefined : channels;
}

// A canvas, a browser's decoder and a color pipeline have colors of 8 bits and alpha, no bands.
function noBands(channels: number, got: string): TypeError {
  return new TypeError(
    `[toImage] expected ${channels} channels, as pixels or as an encoded image with a decoder ({ decode: decodeImage } from ` +
      `"@beitjs/trainers/node"), got ${got}`,
  );
}

function fromPixels({ width, height, channels, data }: Pixels, wanted?: number): Image {
  const found = channels ?? data.length / (width * height);
  const plain = samplesOf(data);
  const most = wanted === undefined ? 4 : MAX_CHANNELS;
  const isSound = plain && Number.isInteger(found) && found >= 1 && found <= most;
  if (!isSound || data.length !== width * height * found) {
    const kind = !plain ? "values that are no bytes" : isDeep(plain) ? "samples of 16 bits" : "bytes";
    const expected = wanted === undefined ? "1 to 4 bytes" : `${wanted} samples`;
    throw new TypeError(
      `[toImage] expected ${expected} for each of ${width} x ${height} pixels, got ${data.length} ${kind}`,
    );
  }
  if (wanted !== undefined && found !== wanted) {
    throw new TypeError(`[toImage] expected ${wanted} channels, got ${found}`);
  }
  const kept = wanted ?? (found <= 2 ? 1 : 3);
  if (found === kept) return createImage(width, height, kept, plain);
  const colors = blankLike(plain, width * height * kept);
  for (let from = 0, to = 0; to < colors.length; from += found) {
    for (let c = 0; c < kept; c++) colors[to++] = plain[from + c];
  }
  return createImage(width, height, kept, colors);
}

function samplesOf(data: Pixels["data"]): Samples | undefined {
  if (data instanceof Uint16Array) return data;
  const bytes = data instanceof Uint8Array || data instanceof Uint8ClampedArray;
  return bytes ? new Uint8Array(data.buffer, data.byteOffset, data.length) : undefined;
}
