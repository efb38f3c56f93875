// Portable bit, gray and pixel maps (P1 to P6), as text or bytes. Samples are scaled to 255 as Pillow does (PpmImagePlugin.py), rounded
// half to even; those of 16 bits too.
import type { Image } from "@beitjs/tensor-core/image";

export type PnmOptions = {
  /** Called before memory is taken. */
  readonly refuse: (width: number, height: number) => void;
  /** Called with the largest sample where white is 65535. */
  readonly checkBits: (most: number) => void;
  /** Bits that are used of samples of 16; all by default. */
  readonly bits?: number | undefined;
};

/**
 * Decodes to 1 or 3 channels.
 * @throws Error saying what is wrong with the file; what `refuse` throws for its size
 */
export function readPnm(bytes: Uint8Array, { refuse, checkBits, bits }: PnmOptions): Image {
  const kind = bytes[1] - 0x30;
  const isBitmap = kind === 1 || kind === 4;
  const scan = createScanner(bytes);
  const width = scan.number();
  const height = scan.number();
  const largest = isBitmap ? 1 : scan.number();
  if (width < 1 || height < 1 || largest < 1 || largest > 65535) {
    throw new Error(`a header of ${width} x ${height} and values to ${largest}`);
  }
  refuse(width, height);
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  const count = width * height * channels;
  const isPart = bits !== undefined && largest === 65535;
  let most = 0;
  const byte = (value: number) => {
    most = Math.max(most, value);
    if (value > largest) throw new Error(`a value of ${value} where ${largest} is the largest`);
    return isPart ? value >> (bits - 8) : halfToEven((value * 255) / largest);
  };
  if (kind <= 3) {
    if (bytes.length < count) throw new Error("ends before its last value");
    const data = new Uint8Array(count);
    for (let i = 0; i < count; i++) data[i] = isBitmap ? 255 * (1 - scan.bit()) : byte(scan.number());
    if (largest === 65535) checkBits(most);
    return { width, height, channels, data };
  }
  const pixels = bytes.subarray(scan.place() + 1);
  const stride = isBitmap ? Math.ceil(width / 8) : width * channels * (largest > 255 ? 2 : 1);
  if (pixels.length < stride * height) throw new Error("ends before its last row");
  const data = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    if (isBitmap) {
      const [row, x] = [Math.floor(i / width), i % width];
      data[i] = (pixels[row * stride + (x >> 3)] >> (7 - (x & 7))) & 1 ? 0 : 255; // 1 is black
    } else data[i] = byte(largest > 255 ? pixels[2 * i] * 256 + pixels[2 * i + 1] : pixels[i]);
  }
  if (largest === 65535) checkBits(most);
  return { width, height, channels, data };
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
