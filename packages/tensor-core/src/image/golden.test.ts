// Byte for byte against Pillow: cases and sums come from tools/golden/image/make.py, the rest from a Pillow 9.4 run.
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { adjustBrightness, adjustContrast, adjustSaturation, resize, toGray } from "./index.ts";
import type { Box, ByteImage, Image, ResizeFilter } from "./index.ts";

type Picture = [key: number, width: number, height: number, channels: 1 | 3, kind: "noise" | "extreme"];
type Case = { image: Picture; crc: number; row?: number[] };
type ResizeCase = Case & { filter: ResizeFilter; size: [number, number]; box?: [number, number, number, number] };
type ColorCase = Case & { enhance: keyof typeof enhance; factor: number };
type Golden = {
  pillow: string;
  resize: ResizeCase[];
  color: ColorCase[];
  gray: Case[];
  nearest: ResizeCase[];
  deep: ResizeCase[];
};

const enhance = { Brightness: adjustBrightness, Contrast: adjustContrast, Color: adjustSaturation };
const path = process.env["GOLDEN_IMAGE"] ?? new URL("../../../../tools/golden/image/golden.json", import.meta.url);
const golden = JSON.parse(readFileSync(path, "utf8")) as Golden;

describe(`Pillow ${golden.pillow}`, () => {
  it("resizes alike", () => {
    expect(golden.resize.length).toBeGreaterThan(100);
    expect(golden.nearest.length).toBeGreaterThan(30);
    for (const { image, filter, size, box, ...expected } of [...golden.resize, ...golden.nearest]) {
      const [width, height] = size;
      const part = box && { box: inside(box, image) };
      const what = { image, filter, size, box };
      compare(resize(picture(...image), { width, height, filter, ...part }), expected, what);
    }
  });

  it("resizes 16 bits alike", () => {
    expect(golden.deep.length).toBeGreaterThan(40);
    for (const { image, filter, size, box, crc } of golden.deep) {
      const [width, height] = size;
      const [key, across, down] = image;
      const { data } = resize(deepPicture(key, across, down), {
        width,
        height,
        filter,
        ...(box && { box: inside(box, image) }),
      });
      expect(data).toBeInstanceOf(Uint16Array);
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      expect(crc32(bytes), JSON.stringify({ image, filter, size, box })).toBe(crc);
    }
  });

  it("changes colors alike", () => {
    expect(golden.color.length).toBeGreaterThan(100);
    for (const { image, enhance: name, factor, ...expected } of golden.color) {
      compare(enhance[name](picture(...image), factor), expected, { image, name, factor });
    }
  });

  it("makes the same grey", () => {
    for (const { image, ...expected } of golden.gray) compare(toGray(picture(...image)), expected, { image });
  });
});

describe("the 8 x 8 image of hash key 4000 (Pillow 9.4)", () => {
  const image = picture(4000, 8, 8, 3, "noise");
  const red = (from: Image, row: number) =>
    Array.from({ length: from.width }, (_, x) => from.data[(row * from.width + x) * 3]);

  it("is the image that was measured", () => {
    expect([...image.data.slice(0, 3)]).toEqual([170, 13, 67]);
    expect(red(image, 0)).toEqual([170, 157, 32, 208, 243, 171, 63, 111]);
  });

  it.each([
    [
      "bicubic",
      [
        [103, 96, 205, 157, 61],
        [82, 194, 76, 92, 71],
        [101, 111, 157, 54, 100],
        [119, 85, 153, 102, 99],
        [106, 144, 148, 115, 54],
      ],
    ],
    [
      "lanczos",
      [
        [96, 89, 214, 158, 54],
        [79, 210, 71, 87, 75],
        [104, 103, 165, 46, 103],
        [113, 82, 153, 103, 94],
        [107, 157, 149, 108, 55],
      ],
    ],
    [
      "bilinear",
      [
        [106, 106, 191, 154, 68],
        [87, 173, 90, 92, 73],
        [102, 118, 144, 67, 97],
        [119, 94, 147, 103, 100],
        [107, 136, 145, 117, 58],
      ],
    ],
  ] as const)("shrinks to 5 x 5, %s", (filter, expected) => {
    const small = resize(image, { width: 5, height: 5, filter });
    expect(expected.map((_, row) => red(small, row))).toEqual(expected);
  });

  it("grows to 12 x 12, bicubic", () => {
    const large = resize(image, { width: 12, height: 12, filter: "bicubic" });
    expect(red(large, 0)).toEqual([181, 181, 146, 33, 105, 223, 255, 220, 149, 73, 86, 119]);
    expect(red(large, 5)).toEqual([224, 136, 79, 207, 214, 166, 124, 87, 49, 4, 128, 242]);
  });

  it("changes colors", () => {
    const pixel = (from: Image, row: number, column: number) => [
      ...from.data.slice((row * 8 + column) * 3, (row * 8 + column) * 3 + 3),
    ];
    const gray = toGray(image).data;
    expect([...gray.slice(0, 8)]).toEqual([66, 113, 151, 206, 176, 125, 68, 60]);
    expect([...gray].reduce((sum, value) => sum + value, 0) / 64).toBe(120.71875);
    const pair = (from: Image) => [pixel(from, 0, 0), pixel(from, 3, 5)];
    expect(pair(image)).toEqual([
      [170, 13, 67],
      [65, 173, 72],
    ]);
    expect(pair(adjustBrightness(image, 1.3))).toEqual([
      [220, 16, 87],
      [84, 224, 93],
    ]);
    expect(pair(adjustContrast(image, 0.7))).toEqual([
      [155, 45, 83],
      [81, 157, 86],
    ]);
    expect(pair(adjustSaturation(image, 1.4))).toEqual([
      [211, 0, 67],
      [39, 190, 49],
    ]);
  });
});

function compare(actual: Image, { crc, row }: { crc: number; row?: number[] }, what: object): void {
  if (row) expect([...actual.data.slice(0, actual.width * actual.channels)], JSON.stringify(what)).toEqual(row);
  expect(crc32(actual.data), JSON.stringify(what)).toBe(crc);
}

// make.py cuts boxes off at the image's edge, where adding the width may step over it by a rounding.
function inside(
  [left, top, width, height]: [number, number, number, number],
  [, imageWidth, imageHeight]: Picture,
): Box {
  return { left, top, width: Math.min(width, imageWidth - left), height: Math.min(height, imageHeight - top) };
}

function picture(key: number, width: number, height: number, channels: 1 | 3, kind: "noise" | "extreme"): ByteImage {
  const data = Uint8Array.from({ length: width * height * channels }, (_, index) => {
    const x = hash(key, index);
    return kind === "noise" ? x >>> 24 : 255 * (x >>> 31);
  });
  return { width, height, channels, data };
}

function deepPicture(key: number, width: number, height: number): Image {
  const data = Uint16Array.from({ length: width * height }, (_, index) => 20000 + ((hash(key, index) >>> 16) % 24000));
  return { width, height, channels: 1, data };
}

function hash(key: number, index: number): number {
  let x = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(key + 1, 0x85ebca77);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return x ^ (x >>> 15);
}
