// Files of 1 to 8 bands and of 8 or 16 bits: every sample comes back, or the file is refused with what it has.
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { decodeImage, readImageFacts } from "./index.ts";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Bands = {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array | Uint16Array;
};
type Layout = {
  readonly photometric?: 0 | 1 | 2;
  readonly planar?: boolean;
  readonly big?: boolean;
  readonly swapped?: boolean;
  readonly orientation?: number;
};

const deepOf = (bands: Bands) => bands.data.BYTES_PER_ELEMENT === 2;

function noise(width: number, height: number, channels: number, deep: boolean): Bands {
  const length = width * height * channels;
  const value = (i: number) => (i * 40503 + (i % channels) * 7919) % 65536;
  const data = deep
    ? Uint16Array.from({ length }, (_, i) => value(i))
    : Uint8Array.from({ length }, (_, i) => value(i) >> 8);
  return { width, height, channels, data };
}

// Uncompressed, in one strip, or one for each band; classic or BigTIFF, either order of bytes.
function tiff(image: Bands, layout: Layout = {}): Buffer {
  const { photometric = 1, planar = false, big = false, swapped = false, orientation = 1 } = layout;
  const { width, height, channels, data } = image;
  const area = width * height;
  const size = data.BYTES_PER_ELEMENT;
  const samples = Array.from(data, (_, i) => (planar ? data[(i % area) * channels + Math.floor(i / area)] : data[i]));
  const pixels = Buffer.alloc(samples.length * size);
  for (const [i, value] of samples.entries()) {
    if (size === 1) pixels.writeUInt8(value, i);
    else if (swapped) pixels.writeUInt16BE(value, 2 * i);
    else pixels.writeUInt16LE(value, 2 * i);
  }
  const start = 16;
  const strips = planar ? channels : 1;
  const stripSize = pixels.length / strips;
  const extras = channels - (photometric === 2 ? 3 : 1);
  const entries: (readonly [tag: number, type: 3 | 4, values: readonly number[]])[] = [
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, new Array<number>(channels).fill(8 * size)],
    [259, 3, [1]],
    [262, 3, [photometric]],
    [273, 4, Array.from({ length: strips }, (_, i) => start + i * stripSize)],
    [274, 3, [orientation]],
    [277, 3, [channels]],
    [278, 4, [height]],
    [279, 4, new Array<number>(strips).fill(stripSize)],
    [284, 3, [planar ? 2 : 1]],
    ...(extras > 0 ? [[338, 3, new Array<number>(extras).fill(0)] as const] : []),
  ];
  const at = start + pixels.length + (pixels.length % 2);
  const [countSize, entrySize, inline] = big ? [8, 20, 8] : [2, 12, 4];
  const directory = Buffer.alloc(countSize + entries.length * entrySize + inline);
  const put = (to: Buffer, place: number, bytes: number, value: number) => {
    const written = Buffer.alloc(8);
    if (swapped) written.writeBigUInt64BE(BigInt(value));
    else written.writeBigUInt64LE(BigInt(value));
    written.copy(to, place, swapped ? 8 - bytes : 0, swapped ? 8 : bytes);
  };
  put(directory, 0, countSize, entries.length);
  const behind: Buffer[] = [];
  let next = at + directory.length;
  for (const [i, [tag, type, values]] of entries.entries()) {
    const place = countSize + i * entrySize;
    const bytes = type === 3 ? 2 : 4;
    put(directory, place, 2, tag);
    put(directory, place + 2, 2, type);
    put(directory, place + 4, big ? 8 : 4, values.length);
    const list = Buffer.alloc(Math.max(inline, values.length * bytes));
    for (const [k, value] of values.entries()) put(list, k * bytes, bytes, value);
    if (list.length <= inline) list.copy(directory, place + (big ? 12 : 8));
    else {
      put(directory, place + (big ? 12 : 8), inline, next);
      behind.push(list);
      next += list.length;
    }
  }
  const head = Buffer.alloc(start);
  head.write(swapped ? "MM" : "II", "latin1");
  put(head, 2, 2, big ? 43 : 42);
  if (big) put(head, 4, 2, 8);
  put(head, big ? 8 : 4, inline, at);
  return Buffer.concat([head, pixels, Buffer.alloc(pixels.length % 2), directory, ...behind]);
}

const counts = [1, 2, 3, 4, 5, 6, 7, 8];

describe.each([false, true])("bands of 16 bits: %s", (deep) => {
  it.each(counts)("%i of them come back from a TIFF, grey or color, interleaved or not", async (channels) => {
    for (const [width, height] of [
      [5, 3],
      [1, 7],
      [16, 16],
    ]) {
      const image = noise(width, height, channels, deep);
      for (const photometric of channels >= 3 ? ([1, 2] as const) : ([1] as const)) {
        for (const planar of channels > 2 ? [false, true] : [false]) {
          for (const [big, swapped] of [
            [false, false],
            [true, false],
            [false, true],
          ]) {
            const file = tiff(image, { photometric, planar, big, swapped });
            expect(await decodeImage(file, "f.tif", { channels }), JSON.stringify({ photometric, planar })).toEqual(
              image,
            );
          }
        }
      }
    }
  });

  it.each([2, 4])("%i of them come back from a PNG and from sharp's TIFF", async (channels) => {
    const image = noise(7, 5, channels, deep);
    const space = channels === 2 ? (deep ? "grey16" : "b-w") : deep ? "rgb16" : "srgb";
    const made = sharp(image.data, { raw: { width: 7, height: 5, channels: channels as 2 | 4 } }).toColourspace(space);
    for (const file of [made.clone().png(), made.clone().tiff({ compression: "lzw" })]) {
      expect(await decodeImage(await file.toBuffer(), "f", { channels })).toEqual(image);
    }
  });

  it("pages of one band each are the bands where they are as many; else the first page counts", async () => {
    const image = noise(4, 3, 4, deep);
    const roll = image.data.map((_, i) => image.data[(i % 12) * 4 + Math.floor(i / 12)]);
    const raw = { width: 4, height: 12, channels: 1, pageHeight: 3 } as const;
    const file = await sharp(roll, { raw })
      .toColourspace(deep ? "grey16" : "b-w")
      .tiff({ compression: "none" })
      .toBuffer();
    expect((await sharp(file).metadata()).pages).toBe(4);
    expect(await decodeImage(file, "f", { channels: 4 })).toEqual(image);
    expect((await decodeImage(file, "f", { channels: 1 })).data).toEqual(roll.slice(0, 12));
    await expect(decodeImage(file, "f.tif", { channels: 5 })).rejects.toThrow(
      "f.tif: expected 5 channels, got 1 in the first of 4 pages",
    );
  });
});

it("are turned upright as their file says", async () => {
  const image = noise(3, 2, 4, true);
  const { width, height, data } = await decodeImage(tiff(image, { orientation: 6 }), "f", { channels: 4 });
  const at = (x: number, y: number) => [...image.data.subarray((y * 3 + x) * 4, (y * 3 + x) * 4 + 4)];
  expect([width, height]).toEqual([2, 3]);
  expect([...data]).toEqual([at(0, 1), at(0, 0), at(1, 1), at(1, 0), at(2, 1), at(2, 0)].flat());
});

it("of 12 bits are scaled, and those too dark for 16 are told", async () => {
  const image = { ...noise(4, 4, 4, true), data: Uint16Array.from({ length: 64 }, (_, i) => i * 65) };
  const file = tiff(image);
  await expect(decodeImage(file, "f", { channels: 4 })).rejects.toThrow("go up to 4095 only");
  const { data } = await decodeImage(file, "f", { channels: 4, bits: 12 });
  expect([...data]).toEqual([...image.data].map((value) => Math.round((value / 4095) * 65535)));
  expect((await decodeImage(file, "f", { channels: 4, bits: 16 })).data).toEqual(image.data);
});

describe("says what it has", () => {
  const refusal = (file: Buffer, channels: number) => decodeImage(file, "a/b.tif", { channels }).then(String, String);

  it("where there are more or fewer channels", async () => {
    const four = tiff(noise(3, 3, 4, true));
    expect(await refusal(four, 5)).toBe("Error: [decodeImage] a/b.tif: expected 5 channels, got 4");
    const color = sharp(noise(3, 3, 3, false).data, { raw: { width: 3, height: 3, channels: 3 } });
    for (const file of [color.clone().jpeg(), color.clone().png(), color.clone().webp()]) {
      expect(await refusal(await file.toBuffer(), 4)).toContain("a/b.tif: expected 4 channels, got 3");
    }
    expect(await refusal(Buffer.from("P5 2 1 255 ab", "latin1"), 2)).toContain("expected 2 channels, got 1");
    const inks = await color.clone().toColourspace("cmyk").jpeg().toBuffer();
    expect(await refusal(inks, 4)).toContain("expected 4 channels as they are, got 4 of the color space cmyk");
    await expect(decodeImage(four, "f", { channels: 9 })).rejects.toThrow("expected 1 to 8 channels, got 9");
  });

  it("where colors are wanted of bands", async () => {
    const told =
      "expected colors and at most alpha, got 8 channels; a model of as many takes them (channels, --channels 8)";
    expect(await refusal(tiff(noise(3, 3, 8, true)), 3)).toContain(told);
    expect(await refusal(tiff(noise(3, 3, 8, false), { photometric: 2 }), 1)).toContain(
      "expected grey and at most alpha",
    );
    expect(await refusal(tiff(noise(3, 3, 6, false)), 3)).toContain("got 6 channels");
  });

  it("where the decoder would mix up two bands", async () => {
    for (const deep of [false, true]) {
      expect(await refusal(tiff(noise(3, 3, 2, deep), { planar: true }), 2)).toContain(
        "(planar): write them interleaved",
      );
      expect(await refusal(tiff(noise(3, 3, 4, deep), { photometric: 0 }), 4)).toContain("where 0 is black");
    }
  });

  it("and its facts have the channels and depth of the file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "beit-bands-"));
    try {
      const path = join(folder, "x.tif");
      await writeFile(path, tiff(noise(3, 2, 4, true)));
      const four = { width: 3, height: 2, channels: 4, depth: 16 };
      expect(await readImageFacts(path, { channels: 4 })).toMatchObject(four);
      expect((await readImageFacts(path, { channels: 5 })).problem).toBe("expected 5 channels, got 4");
      await writeFile(
        path,
        await sharp(new Uint8Array(6), { raw: { width: 3, height: 2, channels: 1 } })
          .toColourspace("b-w")
          .png()
          .toBuffer(),
      );
      expect(await readImageFacts(path)).toMatchObject({ depth: 8, channels: 1 });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

it("a PNG with alpha is color for three channels and as it is for four", async () => {
  const image = noise(3, 2, 4, false);
  const file = await sharp(image.data, { raw: { width: 3, height: 2, channels: 4 } })
    .png()
    .toBuffer();
  expect(deepOf(await decodeImage(file, "f"))).toBe(false);
  expect([...(await decodeImage(file, "f")).data]).toEqual([...image.data].filter((_, i) => i % 4 !== 3));
  expect(await decodeImage(file, "f", { channels: 4 })).toEqual(image);
});
