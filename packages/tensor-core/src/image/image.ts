// The image that every pixel operation here works on, of 8 or 16 bits a sample, and its conversions between grey and color.
// Plain typed arrays, so the same code runs in Node, in a worker and beside a canvas.

/**
 * Pixels, row by row, channels interleaved (height, width, channel). One channel is grey ("L" in PIL), three are RGB; two, and four to
 * eight, are bands that mean what their owner says, as the near infrared of satellites.
 */
export type Image = {
  readonly width: number;
  readonly height: number;
  /** 1 to 8. */
  readonly channels: number;
  /** `width * height * channels` samples; white is 255 of bytes, 65535 of 16 bits. */
  readonly data: Samples;
};

/** Samples of 8 or of 16 bits. */
export type Samples = Uint8Array | Uint16Array;

/** An image of 8 bits a sample. */
export type ByteImage = Image & { readonly data: Uint8Array };

/** A rectangle in pixels. Only `resize` takes fractions; crops want whole numbers. */
export type Box = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

/** Most channels of an image. */
export const MAX_CHANNELS = 8;

/** Whether images may have so many channels: 1 to 8. */
export function isChannelCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_CHANNELS;
}

/** Whether the channels are colors: grey, or red, green and blue. */
export function isColor({ channels }: Pick<Image, "channels">): boolean {
  return channels === 1 || channels === 3;
}

/**
 * Makes an image from its samples, or a black one of 8 bits without them.
 * @throws RangeError when a size is no positive integer, there are no 1 to 8 channels, or the number of samples is not width * height * channels.
 */
export function createImage(width: number, height: number, channels: number, data: Uint8Array): ByteImage;
export function createImage(width: number, height: number, channels: number, data?: Samples): Image;
export function createImage(width: number, height: number, channels: number, data?: Samples): Image {
  const image = { width, height, channels, data: data ?? new Uint8Array(Math.max(0, width * height * channels) || 0) };
  checkImage("createImage", image);
  return image;
}

/** Throws a RangeError named after `caller` unless the image's fields agree with each other. */
export function checkImage(caller: string, { width, height, channels, data }: Image): void {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(`[${caller}] expected a width and height of at least 1, got ${width} x ${height}`);
  }
  if (!isChannelCount(channels)) {
    throw new RangeError(`[${caller}] expected 1 to ${MAX_CHANNELS} channels, got ${String(channels)}`);
  }
  if (data.length !== width * height * channels) {
    const expected = `${width} x ${height} x ${channels} = ${width * height * channels} ${isDeep(data) ? "samples" : "bytes"}`;
    throw new RangeError(`[${caller}] expected ${expected}, got ${data.length}`);
  }
}

/** Whether samples have 16 bits. */
export function isDeep(data: Samples): data is Uint16Array {
  return data.BYTES_PER_ELEMENT === 2;
}

/** @internal Samples as deep as others, all 0. */
export function blankLike(data: Samples, length: number): Samples {
  return isDeep(data) ? new Uint16Array(length) : new Uint8Array(length);
}

/** The upper bytes of samples of 16 bits, as pictures show them. An image of bytes is returned as it is. */
export function toBytes({ width, height, channels, data }: Image): ByteImage {
  return { width, height, channels, data: isDeep(data) ? Uint8Array.from(data, (value) => value >> 8) : data };
}

/**
 * Luma as in PIL's `convert("L")` (libImaging/Convert.c): L = (19595 R + 38470 G + 7471 B + 32768) >> 16, of 16 bits by the same sum.
 * A grey image is returned as it is.
 * @throws RangeError for channels that are no colors.
 */
export function toGray(image: Image): Image {
  if (image.channels === 1) return image;
  requireColor("toGray", image);
  const { width, height, data } = image;
  const gray = blankLike(data, width * height);
  for (let i = 0, p = 0; i < gray.length; i++, p += 3) gray[i] = luma(data[p], data[p + 1], data[p + 2]);
  return { width, height, channels: 1, data: gray };
}

/**
 * The grey value in all three channels. An RGB image is returned as it is.
 * @throws RangeError for channels that are no colors.
 */
export function grayToRgb(image: Image): Image {
  if (image.channels === 3) return image;
  requireColor("grayToRgb", image);
  const { width, height, data } = image;
  const rgb = blankLike(data, data.length * 3);
  for (let i = 0, p = 0; i < data.length; i++, p += 3) rgb[p] = rgb[p + 1] = rgb[p + 2] = data[i];
  return { width, height, channels: 3, data: rgb };
}

/**
 * The image if it has so many channels; else grey of colors (`toGray`), or colors of grey (`grayToRgb`).
 * @throws RangeError where channels are no colors: which band would be left out, or made up, nobody has said.
 */
export function withChannels(image: Image, channels: number): Image {
  if (image.channels === channels) return image;
  if (isColor(image) && isColor({ channels })) return channels === 1 ? toGray(image) : grayToRgb(image);
  throw new RangeError(`[withChannels] expected an image of ${channelsInWords(channels)}, got ${image.channels}`);
}

// Where either is made of the other, both.
function channelsInWords(channels: number): string {
  return isColor({ channels }) ? "1 or 3 channels" : `${channels} channels`;
}

/** @internal Throws a RangeError named after `caller` for bands that are no colors. */
export function requireColor(caller: string, image: Pick<Image, "channels">): void {
  if (isColor(image)) return;
  throw new RangeError(`[${caller}] expected 1 or 3 channels, whose colors are known, got ${image.channels}`);
}

/** @internal Checks an image of colors, 8 bits a sample: what operations take that were made for pictures alone. */
export function checkPicture(caller: string, image: Image): asserts image is ByteImage {
  checkImage(caller, image);
  requireColor(caller, image);
  if (isDeep(image.data)) throw new RangeError(`[${caller}] expected samples of 8 bits, got 16`);
}

/** PIL's integer luma of one pixel; the sum of samples of 16 bits fills 32. */
export function luma(red: number, green: number, blue: number): number {
  return (19595 * red + 38470 * green + 7471 * blue + 32768) >>> 16;
}
