// Bitmaps, portable maps and JPEG files as phones write them: the bytes are made here, the pixels are known.
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { decodeImage } from "./index.ts";
import { repairJpeg } from "./repair-jpeg.ts";

const pixels = async (bytes: Uint8Array, options = {}) => {
  const { width, height, data } = await decodeImage(bytes, "f", options);
  return [width, height, ...data];
};
const latin = (text: string) => Buffer.from(text, "latin1");

type Bitmap = {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly compression?: number;
  /** Behind the header of 40 bytes: bit masks, or colors of four bytes. */
  readonly table?: readonly number[];
  readonly data: readonly number[];
};

function bmp({ width, height, bits, compression = 0, table = [], data }: Bitmap): Buffer {
  const out = Buffer.alloc(54 + table.length + data.length);
  out.write("BM", "latin1");
  out.writeUInt32LE(out.length, 2);
  out.writeUInt32LE(54 + table.length, 10);
  out.writeUInt32LE(40, 14);
  out.writeInt32LE(width, 18);
  out.writeInt32LE(height, 22);
  out.writeUInt16LE(1, 26);
  out.writeUInt16LE(bits, 28);
  out.writeUInt32LE(compression, 30);
  if (bits <= 8) out.writeUInt32LE(table.length / 4, 46);
  out.set(table, 54);
  out.set(data, 54 + table.length);
  return out;
}
const masks = (...values: number[]) =>
  values.flatMap((value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24]);

describe("BMP", () => {
  it("of 24 and 32 bits, rows padded, from the bottom or from the top", async () => {
    const two = { width: 1, bits: 24, data: [1, 2, 3, 0, 4, 5, 6, 0] };
    expect(await pixels(bmp({ ...two, height: 2 }))).toEqual([1, 2, 6, 5, 4, 3, 2, 1]);
    expect(await pixels(bmp({ ...two, height: -2 }))).toEqual([1, 2, 3, 2, 1, 6, 5, 4]);
    const deep = { width: 2, height: 1, bits: 32, data: [1, 2, 3, 0, 4, 5, 6, 255] };
    expect(await pixels(bmp(deep))).toEqual([2, 1, 3, 2, 1, 6, 5, 4]);
    const swapped = { ...deep, compression: 3, table: masks(0xff, 0xff00, 0xff0000) };
    expect(await pixels(bmp(swapped))).toEqual([2, 1, 1, 2, 3, 4, 5, 6]);
  });

  it("of 16 bits, with 5 or 6 of them for green", async () => {
    const white = { width: 2, height: 1, bits: 16, data: [0xff, 0x7f, 0x01, 0x04] };
    expect(await pixels(bmp(white))).toEqual([2, 1, 255, 255, 255, 8, 0, 8]);
    const more = { ...white, compression: 3, table: masks(0xf800, 0x7e0, 0x1f), data: [0xff, 0xff, 0x21, 0x08] };
    expect(await pixels(bmp(more))).toEqual([2, 1, 255, 255, 255, 8, 4, 8]);
  });

  const table = [0, 0, 0, 0, 30, 20, 10, 0, 60, 50, 40, 0];
  const [black, one, two] = [[0, 0, 0], [10, 20, 30], [40, 50, 60]]; // prettier-ignore

  it("of palettes, plain and as runs", async () => {
    expect(await pixels(bmp({ width: 2, height: 1, bits: 8, table, data: [2, 1, 0, 0] }))).toEqual([
      2,
      1,
      ...two,
      ...one,
    ]);
    const fours = { width: 3, height: 1, bits: 4, table, data: [0x12, 0x00, 0, 0] };
    expect(await pixels(bmp(fours))).toEqual([3, 1, ...one, ...two, ...black]);
    const ones = { width: 9, height: 1, bits: 1, table: table.slice(0, 8), data: [0x80, 0x80, 0, 0] };
    expect(await pixels(bmp(ones))).toEqual([9, 1, ...one, ...Array<number[]>(7).fill(black).flat(), ...one]);
    const runs = { width: 4, height: 2, bits: 8, compression: 1, table };
    const byte = bmp({ ...runs, data: [3, 1, 0, 0, 0, 3, 2, 1, 2, 0, 1, 1, 0, 1] });
    expect(await pixels(byte)).toEqual([4, 2, ...two, ...one, ...two, ...one, ...one, ...one, ...one, ...black]);
    const half = bmp({ ...runs, bits: 4, compression: 2, data: [3, 0x12, 0, 0, 0, 2, 1, 0, 1, 0x20, 0, 1] });
    expect(await pixels(half)).toEqual([4, 2, ...black, ...two, ...black, ...black, ...one, ...two, ...one, ...black]);
  });

  it("is refused by name where it is cut or lies", async () => {
    const whole = bmp({ width: 2, height: 2, bits: 8, table, data: [2, 1, 0, 0, 1, 1, 0, 0] });
    for (const end of [20, 40, 60, whole.length - 1]) {
      await expect(decodeImage(whole.subarray(0, end), "x.bmp")).rejects.toThrow(/x\.bmp: damaged BMP: ends /);
    }
    const wild = bmp({ width: 1, height: 1, bits: 8, table, data: [7, 0, 0, 0] });
    await expect(decodeImage(wild, "f")).rejects.toThrow("damaged BMP: a pixel of color 7 in a palette of 3");
    const huge = bmp({ width: 60000, height: 60000, bits: 8, compression: 1, table, data: [0, 1] });
    await expect(decodeImage(huge, "f")).rejects.toThrow("f: expected at most 268402689 pixels, got 60000 x 60000");
    const odd = bmp({ width: 1, height: 1, bits: 24, compression: 4, data: [0, 0, 0, 0] });
    await expect(decodeImage(odd, "f")).rejects.toThrow("24 bits of compression 4, which is none of bitmaps");
  });
});

describe("PNM", () => {
  it("of bits, grays and colors, as bytes and as text", async () => {
    expect(await pixels(latin("P6\n# a\n2 1\n255\n\x01\x02\x03\x04\x05\x06"))).toEqual([2, 1, 1, 2, 3, 4, 5, 6]);
    expect(await pixels(latin("P3 2 1 255  1 2 3\n4 5 6 "))).toEqual([2, 1, 1, 2, 3, 4, 5, 6]);
    expect(await pixels(latin("P5 2 1 255 \x07\xff"), { channels: 1 })).toEqual([2, 1, 7, 255]);
    expect(await pixels(latin("P2 2 1 255 7 #x\n255"), { channels: 1 })).toEqual([2, 1, 7, 255]);
    expect(await pixels(latin("P4 9 1 \x80\x80"), { channels: 1 })).toEqual([
      9, 1, 0, 255, 255, 255, 255, 255, 255, 255, 0,
    ]);
    expect(await pixels(latin("P1 3 1 011"), { channels: 1 })).toEqual([3, 1, 255, 0, 0]);
  });

  it("with other largest values, scaled as Pillow scales", async () => {
    expect(await pixels(latin("P2 4 1 6 0 1 3 6"), { channels: 1 })).toEqual([4, 1, 0, 42, 128, 255]); // 42.5 and 127.5
    expect(await pixels(latin("P5 2 1 65535 \x80\x00\xff\xff"), { channels: 1 })).toEqual([2, 1, 0x8000, 65535]);
    expect(await pixels(latin("P5 2 1 4095 \x08\x00\x0f\xff"), { channels: 1 })).toEqual([2, 1, 32776, 65535]);
  });

  it("is refused by name where it is cut or lies", async () => {
    for (const text of [
      "P6 2 1 255 \x01\x02\x03\x04\x05",
      "P3 2 1 255 1 2 3 4 5 ",
      "P4 9 2 \0\0\0",
      "P3 9000 9000 255 1",
    ]) {
      await expect(decodeImage(latin(text), "x.ppm")).rejects.toThrow(/x\.ppm: damaged PNM: ends before its last/);
    }
    await expect(decodeImage(latin("P2 1 1 9 10"), "f")).rejects.toThrow("a value of 10 where 9 is the largest");
    await expect(decodeImage(latin("P2 1 1 70000 1"), "f")).rejects.toThrow("a header of 1 x 1 and values to 70000");
    await expect(decodeImage(latin("P1 2 1 02"), "f")).rejects.toThrow("a bit of 2");
    await expect(decodeImage(latin("P5 99999 99999 255 x"), "f")).rejects.toThrow("expected at most 268402689 pixels");
  });
});

describe("JPEG", () => {
  const photo = (options: { progressive?: boolean } = {}) => {
    let seed = 1;
    const next = () => (seed = (seed * 48271) % 0x7fffffff) & 255;
    const data = Uint8Array.from({ length: 40 * 24 * 3 }, next);
    return sharp(data, { raw: { width: 40, height: 24, channels: 3 } })
      .jpeg(options)
      .toBuffer();
  };
  const scanOf = (file: Buffer) => file.indexOf(Buffer.of(0xff, 0xda));
  /** Ss, Se and Ah/Al of the first scan. */
  const withBand = (file: Buffer, ...band: number[]) => {
    const copy = Buffer.from(file);
    copy.set(band, scanOf(file) + 2 + file.readUInt16BE(scanOf(file) + 2) - 3);
    return copy;
  };

  it("of phones that name another band of coefficients", async () => {
    const file = await photo();
    const right = await pixels(file);
    for (const band of [
      [0, 0, 0],
      [0, 0, 0x3f],
      [63, 63, 0],
    ]) {
      // prettier-ignore
      const phone = withBand(file, ...band);
      const strict = sharp(phone, { failOn: "warning" }).raw().toBuffer();
      await expect(strict).rejects.toThrow("Invalid SOS parameters");
      expect(await pixels(phone)).toEqual(right);
    }
  });

  it("with stray bytes between segments", async () => {
    const file = await photo();
    const right = await pixels(file);
    const first = 4 + file.readUInt16BE(4);
    for (const at of [2, first, scanOf(file)]) {
      for (const stray of [[0], [0, 1, 2], [0xff, 0, 7]]) {
        const bytes = Buffer.concat([file.subarray(0, at), Buffer.from(stray), file.subarray(at)]);
        if (at === 2 && stray[0] !== 0xff) {
          await expect(decodeImage(bytes, "f")).rejects.toThrow("got an unknown type"); // nor does Pillow take it
          continue;
        }
        await expect(sharp(bytes, { failOn: "warning" }).raw().toBuffer()).rejects.toThrow("extraneous bytes");
        expect(await pixels(bytes)).toEqual(right);
      }
    }
  });

  it("is left as it is where nothing is known to be harmless", async () => {
    for (const file of [await photo(), await photo({ progressive: true })]) {
      expect(repairJpeg(file)).toBe(file);
      for (let end = 2; end < file.length; end += 7) {
        const cut = file.subarray(0, end);
        expect(repairJpeg(cut)).toBe(cut);
      }
    }
    const damaged = withBand(await photo(), 0, 0, 0);
    damaged.fill(0xff, damaged.length - 300, damaged.length - 260);
    await expect(decodeImage(damaged, "f")).rejects.toThrow("damaged JPEG");
  });
});
