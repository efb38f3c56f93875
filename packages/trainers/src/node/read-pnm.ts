// Portable bit, gray and pixel maps (P1 to P6), as text or bytes. Samples are scaled to 255 as Pillow does (PpmImagePlugin.py), rounded
// half to even; those of more than 8 bits likewise to 65535.
import { grayToRgb, type Image, type Samples } from "@beitjs/tensor-core/image";

export type PnmOptions = {
  /** Called with the largest sample where white is 65535. */
  readonly checkBits: (most: number) => void;
  /** Bits that are used of samples of 16; all by default. */
  readonly bits?: number | undefined;
};

/** A map whose header was read; `decode` makes RGB of it. */
export type PnmFile = {
  readonly width: number;
  readonly height: number;
  /** Of the file; `decode` makes RGB. */
  readonly channels: 1 | 3;
  readonly depth: 8 | 16;
  readonly bytesPerPixel: number;
  decode(): Promise<Image>;
};

type Header = {
  readonly kind: number;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** The largest sample. */
  readonly largest: number;
};

/**
 * Reads the header; no memory is taken before `decode`.
 * @throws Error, as `decode` does, saying what is wrong with the file
 */
export function readPnm(bytes: Uint8Array, options: PnmOptions): PnmFile {
  const kind = bytes[1] - 0x30;
  const scan = createScanner(bytes);
  const width = scan.number();
  const height = scan.number();
  const largest = isBitmap(kind) ? 1 : scan.number();
  if (width < 1 || height < 1 || largest < 1 || largest > 65535) {
    throw new Error(`a header of ${width} x ${height} and values to ${largest}`);
  }
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  const header = { kind, width, height, channels, largest } as const;
  const decode = async () => {
    const scale = createScale(header, options);
    const data = kind <= 3 ? readText(bytes, scan, header, scale.sample) : readBytes(bytes, scan, header, scale.sample);
    if (largest === 65535) options.checkBits(scale.most());
    return grayToRgb({ width, height, channels, data });
  };
  const depth = largest > 255 ? 16 : 8;
  return { width, height, channels, depth, bytesPerPixel: (channels + 3) * (depth / 8), decode };
}

function isBitmap(kind: number): boolean {
  return kind === 1 || kind === 4;
}

function createScale({ largest }: Header, { bits }: PnmOptions) {
  const isPart = bits !== undefined && largest === 65535;
  const white = isPart ? 2 ** bits - 1 : largest;
  const full = largest > 255 ? 65535 : 255;
  let most = 0;
  return {
    most: () => most,
    sample(value: number): number {
      if (value > largest) throw new Error(`a value of ${value} where ${largest} is the largest`);
      most = Math.max(most, value);
      return halfToEven((value * full) / white);
    },
  };
}

type Scale = (value: number) => number;

function blank({ width, height, channels, largest }: Header): Samples {
  const length = width * height * channels;
  return largest > 255 ? new Uint16Array(length) : new Uint8Array(length);
}

function readText(bytes: Uint8Array, scan: Scanner, header: Header, scale: Scale): Samples {
  const { kind, width, height, channels } = header;
  const count = width * height * channels;
  if (bytes.length < count) throw new Error("ends before its last value");
  const data = blank(header);
  for (let i = 0; i < count; i++) data[i] = isBitmap(kind) ? 255 * (1 - scan.bit()) : scale(scan.number());
  return data;
}

function readBytes(bytes: Uint8Array, scan: Scanner, header: Header, scale: Scale): Samples {
  const { kind, width, height, channels, largest } = header;
  const pixels = bytes.subarray(scan.place() + 1);
  const stride = isBitmap(kind) ? Math.ceil(width / 8) : width * channels * (largest > 255 ? 2 : 1);
  if (pixels.length < stride * height) throw new Error("ends before its last row");
  const data = blank(header);
  for (let i = 0; i < data.length; i++) {
    if (isBitmap(kind)) {
      const [row, x] = [Math.floor(i / width), i % width];
      data[i] = (pixels[row * stride + (x >> 3)] >> (7 - (x & 7))) & 1 ? 0 : 255; // 1 is black
    } else data[i] = scale(largest > 255 ? pixels[2 * i] * 256 + pixels[2 * i + 1] : pixels[i]);
  }
  return data;
}

type Scanner = {
  number(): number;
  /** A digit by itself: bitmaps need no blanks between them. */
  bit(): number;
  /** Behind the last number. */
  place(): number;
};

function createScanner(bytes: Uint8Array): Scanner {
  let at = 2;
  const skip = () => {
    for (; at < bytes.length; at++) {
      if (bytes[at] === 0x23) while (at + 1 < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) at++;
      else if (!isBlank(bytes[at])) return;
    }
    throw new Error("ends before its last value");
  };
  const digit = () => {
    const value = bytes[at] - 0x30;
    if (!(value >= 0 && value <= 9)) throw new Error(`the character ${bytes[at]} where a number should stand`);
    at++;
    return value;
  };
  return {
    number() {
      skip();
      let value = digit();
      while (at < bytes.length && bytes[at] >= 0x30 && bytes[at] <= 0x39)
        value = Math.min(value * 10 + digit(), 2 ** 40);
      return value;
    },
    bit() {
      skip();
      const value = digit();
      if (value > 1) throw new Error(`a bit of ${value}`);
      return value;
    },
    place: () => at,
  };
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 9 && byte <= 13);
}

function halfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}
