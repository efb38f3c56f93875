// The 8-bit image that every pixel operation here works on, and its conversions between grey and color.
// Plain typed arrays, so the same code runs in Node, in a worker and beside a canvas.

/** Pixels, row by row, channels interleaved (height, width, channel). One channel is grey ("L" in PIL), three are RGB. */
export type Image = {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** `width * height * channels` bytes. */
  readonly data: Uint8Array;
};

/** A rectangle in pixels. Only `resize` takes fractions; crops want whole numbers. */
export type Box = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

/**
 * Makes an image from its bytes, or a black one without them.
 * @throws RangeError when a size is no positive integer, or the number of bytes is not width * height * channels.
 */
export function createImage(width: number, height: number, channels: 1 | 3, data?: Uint8Array): Image {
  const image = { width, height, channels, data: data ?? new Uint8Array(Math.max(0, width * height * channels) || 0) };
  checkImage("createImage", image);
  return image;
}

/** Throws a RangeError named after `caller` unless the image's fields agree with each other. */
export function checkImage(caller: string, { width, height, channels, data }: Image): void {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(`[${caller}] expected a width and height of at least 1, got ${width} x ${height}`);
  }
  if (channels !== 1 && channels !== 3) throw new RangeError(`[${caller}] expected 1 or 3 channels, got ${channels}`);
  if (data.length !== width * height * channels) {
    const expected = `${width} x ${height} x ${channels} = ${width * height * channels} bytes`;
    throw new RangeError(`[${caller}] expected ${expected}, got ${data.length}`);
  }
}

/**
 * Luma as in PIL's `convert("L")` (libImaging/Convert.c): L = (19595 R + 38470 G + 7471 B + 32768) >> 16.
 * A grey image is returned as it is.
 */
export function toGray(image: Image): Image {
  if (image.channels === 1) return image;
  const { width, height, data } = image;
  const gray = new Uint8Array(width * height);
  for (let i = 0, p = 0; i < gray.length; i++, p += 3) gray[i] = luma(data[p], data[p + 1], data[p + 2]);
  return { width, height, channels: 1, data: gray };
}

/** The grey value in all three channels. An RGB image is returned as it is. */
export function grayToRgb(image: Image): Image {
  if (image.channels === 3) return image;
  const { width, height, data } = image;
  const rgb = new Uint8Array(data.length * 3);
  for (let i = 0, p = 0; i < data.length; i++, p += 3) rgb[p] = rgb[p + 1] = rgb[p + 2] = data[i];
  return { width, height, channels: 3, data: rgb };
}

/** `toGray` or `grayToRgb`, whichever gives `channels`. */
export function withChannels(image: Image, channels: 1 | 3): Image {
  return channels === 1 ? toGray(image) : grayToRgb(image);
}

/** PIL's integer luma of one pixel. */
export function luma(red: number, green: number, blue: number): number {
  return (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
}
