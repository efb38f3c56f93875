// Windows bitmaps, which the decoder of the other formats does not read: every header since OS/2's, 1 to 32 bits, palettes, bit masks,
// run lengths, upside up and down. Numbers are Pillow's (BmpImagePlugin.py; Unpack.c for 16 bits). Alpha is dropped.
import type { Image } from "@beitjs/tensor-core/image";

/** Sizes of the header behind the 14 bytes that all files begin with. */
export const bmpHeaders: readonly number[] = [12, 16, 40, 52, 56, 64, 108, 124];

const [PLAIN, RLE8, RLE4, MASKS] = [0, 1, 2, 3];

type Header = {
  readonly width: number;
  readonly height: number;
  readonly upsideDown: boolean;
  readonly bits: number;
  readonly compression: number;
  /** Offset of the pixels. */
  readonly start: number;
  /** Offset of the palette, colors in it and bytes of one. */
  readonly palette: number;
  readonly colors: number;
  readonly entry: number;
};

/** A bitmap whose header was read; `decode` makes RGB of it. */
export type BmpFile = {
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
  readonly depth: 8;
  readonly bytesPerPixel: number;
  decode(): Promise<Image>;
};

/**
 * Reads the header of a BMP; no memory is taken before `decode`.
 * @throws Error, as `decode` does, saying what is wrong with the file
 */
export function readBmp(bytes: Uint8Array): BmpFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 18 || bytes.length < 14 + view.getUint32(14, true)) throw new Error("ends within its header");
  const header = wholeHeader(view);
  const { width, height, bits, compression } = header;
  if (width < 1 || height < 1) throw new Error(`a size of ${width} x ${height}`);
  const isRun = (compression === RLE8 && bits === 8) || (compression === RLE4 && bits === 4);
  const isMask = compression === MASKS && (bits === 16 || bits === 32);
  if (!(isRun || isMask || (compression === PLAIN && [1, 4, 8, 16, 24, 32].includes(bits)))) {
    throw new Error(`${bits} bits of compression ${compression}, which is none of bitmaps`);
  }
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (!isRun && header.start + stride * height > bytes.length) throw new Error("ends before its last row");
  const decode = async () => decodeRows(bytes, view, header, { stride, isRun });
  return { width, height, channels: 3, depth: 8, bytesPerPixel: 4, decode };
}

function decodeRows(
  bytes: Uint8Array,
  view: DataView,
  header: Header,
  { stride, isRun }: { readonly stride: number; readonly isRun: boolean },
): Image {
  const { width, height, bits } = header;
  const data = new Uint8Array(width * height * 3);
  const rowOf = (row: number) => (header.upsideDown ? height - 1 - row : row) * width * 3;
  if (bits > 8) readColors(view, header, stride, rowOf, data);
  else {
    const indices = isRun ? readRuns(bytes, header) : readIndices(bytes, header, stride);
    paint(bytes, header, indices, rowOf, data);
  }
  return { width, height, channels: 3, data };
}

// Its size may be one of which fewer bytes are read than there are fields.
function wholeHeader(view: DataView): Header {
  try {
    return readHeader(view);
  } catch (cause) {
    throw new Error("ends within its header", { cause });
  }
}

function readHeader(view: DataView): Header {
  const size = view.getUint32(14, true);
  const start = view.getUint32(10, true);
  if (size === 12) {
    const [width, height, bits] = [view.getUint16(18, true), view.getUint16(20, true), view.getUint16(24, true)];
    return {
      width,
      height,
      upsideDown: true,
      bits,
      compression: PLAIN,
      start,
      palette: 26,
      colors: 2 ** bits,
      entry: 3,
    };
  }
  const height = view.getInt32(22, true);
  const bits = view.getUint16(28, true);
  const compression = size >= 20 ? view.getUint32(30, true) : PLAIN;
  const used = size >= 36 ? view.getUint32(46, true) : 0;
  return {
    width: view.getInt32(18, true),
    height: Math.abs(height),
    upsideDown: height >= 0,
    bits,
    compression,
    start,
    palette: 14 + size,
    colors: Math.min(used || 2 ** Math.min(bits, 8), 256),
    entry: 4,
  };
}

function readColors(
  view: DataView,
  header: Header,
  stride: number,
  rowOf: (row: number) => number,
  data: Uint8Array,
): void {
  const { width, height, bits, start } = header;
  const channels = bits === 24 ? [] : masksOf(view, header).map(channelOf);
  for (let row = 0; row < height; row++) {
    for (let x = 0; x < width; x++) {
      const from = start + row * stride + (x * bits) / 8;
      const to = rowOf(row) + 3 * x;
      if (bits === 24) {
        for (let c = 0; c < 3; c++) data[to + c] = view.getUint8(from + 2 - c);
      } else {
        const value = bits === 16 ? view.getUint16(from, true) : view.getUint32(from, true);
        for (let c = 0; c < 3; c++) data[to + c] = channels[c](value);
      }
    }
  }
}

// Behind a header of 40 bytes, within one of more: at the same place.
function masksOf(view: DataView, { bits, compression }: Header): readonly number[] {
  if (compression !== MASKS) return bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff];
  if (view.byteLength < 66) throw new Error("ends within its bit masks");
  return [54, 58, 62].map((at) => view.getUint32(at, true));
}

function channelOf(mask: number): (value: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return (value) => Math.floor((((value & mask) >>> shift) * 255) / most);
}

function readIndices(bytes: Uint8Array, { width, height, bits, start }: Header, stride: number): Uint8Array {
  const indices = new Uint8Array(width * height);
  const perByte = 8 / bits;
  for (let row = 0; row < height; row++) {
    for (let x = 0; x < width; x++) {
      const byte = bytes[start + row * stride + Math.floor(x / perByte)];
      indices[row * width + x] = (byte >> (8 - bits * ((x % perByte) + 1))) & (2 ** bits - 1);
    }
  }
  return indices;
}

// A count and what to repeat, or 0 and: end of line, end of image, a step, a number of pixels as they are, padded to 16 bits.
function readRuns(bytes: Uint8Array, { width, height, bits, start }: Header): Uint8Array {
  const indices = new Uint8Array(width * height);
  let [at, x, row] = [start, 0, 0];
  const put = (index: number) => {
    if (x < width && row < height) indices[row * width + x] = index;
    x++;
  };
  const half = (byte: number, i: number) => (bits === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
  for (;;) {
    if (at + 2 > bytes.length) throw new Error("ends before the end of its pixels");
    const [count, value] = [bytes[at], bytes[at + 1]];
    at += 2;
    if (count > 0) {
      for (let i = 0; i < count; i++) put(half(value, i));
    } else if (value === 0) [x, row] = [0, row + 1];
    else if (value === 1) return indices;
    else if (value === 2) {
      if (at + 2 > bytes.length) throw new Error("ends before the end of its pixels");
      [x, row] = [x + bytes[at], row + bytes[at + 1]];
      at += 2;
    } else {
      const length = Math.ceil((value * bits) / 8);
      if (at + length > bytes.length) throw new Error("ends before the end of its pixels");
      for (let i = 0; i < value; i++) put(half(bytes[at + Math.floor((i * bits) / 8)], i));
      at += length + (length % 2);
    }
  }
}

function paint(
  bytes: Uint8Array,
  { width, height, palette, colors, entry }: Header,
  indices: Uint8Array,
  rowOf: (row: number) => number,
  data: Uint8Array,
): void {
  if (palette + colors * entry > bytes.length) throw new Error("ends within its palette");
  for (let row = 0; row < height; row++) {
    for (let x = 0; x < width; x++) {
      const index = indices[row * width + x];
      if (index >= colors) throw new Error(`a pixel of color ${index} in a palette of ${colors}`);
      for (let c = 0; c < 3; c++) data[rowOf(row) + 3 * x + c] = bytes[palette + index * entry + 2 - c];
    }
  }
}
