// RandAugment's operations byte for byte against timm on Pillow: cases and sums come from tools/golden/augment/make.py.
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { hashUniform } from "../testing/hash.ts";
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  adjustSharpness,
  affine,
  autoContrast,
  equalize,
  invert,
  posterize,
  rotate,
  solarize,
  solarizeAdd,
  type Image,
} from "./index.ts";

type Case = {
  readonly image: readonly [key: number, width: number, height: number, channels: number, kind: "noise" | "extreme"];
  readonly name: string;
  readonly level: number;
  readonly negative: boolean;
  readonly arguments: readonly number[];
  readonly fill: readonly number[];
  readonly crc: number;
};
type Operation = (image: Image, argument: number, fill: readonly number[]) => Image;

const path = new URL("../../../../tools/golden/augment/golden.json", import.meta.url);
const golden = JSON.parse(readFileSync(path, "utf8")) as { readonly names: string[]; readonly operations: Case[] };

const operations: Readonly<Record<string, Operation>> = {
  AutoContrast: autoContrast,
  Equalize: equalize,
  Invert: invert,
  Rotate: rotate,
  PosterizeIncreasing: posterize,
  SolarizeIncreasing: solarize,
  SolarizeAdd: solarizeAdd,
  ColorIncreasing: adjustSaturation,
  ContrastIncreasing: adjustContrast,
  BrightnessIncreasing: adjustBrightness,
  SharpnessIncreasing: adjustSharpness,
  ShearX: (image, factor, fill) => affine(image, [1, factor, 0, 0, 1, 0], fill),
  ShearY: (image, factor, fill) => affine(image, [1, 0, 0, factor, 1, 0], fill),
  TranslateXRel: (image, share, fill) => affine(image, [1, 0, share * image.width, 0, 1, 0], fill),
  TranslateYRel: (image, share, fill) => affine(image, [1, 0, 0, 0, 1, share * image.height], fill),
};

function picture([key, width, height, channels, kind]: Case["image"]): Image {
  const byte = (i: number): number => Math.floor(256 * hashUniform(key, i));
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) =>
    kind === "noise" ? byte(i) : 255 * (byte(i) >> 7),
  );
  return { width, height, channels, data };
}

describe.each(golden.names)("%s", (name) => {
  const cases = golden.operations.filter((one) => one.name === name);

  it("makes the bytes of Pillow at every level, of odd sizes, grey and color", () => {
    expect(cases.length).toBe(12);
    for (const one of cases) {
      const { image, fill, crc } = one;
      const made = operations[name](picture(image), one.arguments[0], fill);
      expect(crc32(made.data), JSON.stringify(one)).toBe(crc);
    }
  });

  it("refuses bands and 16 bits by its name, and leaves its image alone", () => {
    const image = picture([1, 5, 4, 3, "noise"]);
    const before = image.data.slice();
    operations[name](image, 1, [0, 0, 0]);
    expect(image.data).toEqual(before);
    const run = (channels: number, data: Image["data"]) =>
      operations[name]({ width: 1, height: 1, channels, data }, 1, new Array<number>(channels).fill(0));
    expect(() => run(4, new Uint8Array(4))).toThrow(
      /^\[\w+\] expected 1 or 3 channels, whose colors are known, got 4$/,
    );
    // Pixels of 16 bits have color jitter, too.
    if (/^(Color|Contrast|Brightness)/.test(name)) return;
    expect(() => run(1, new Uint16Array(1))).toThrow(/^\[\w+\] expected samples of 8 bits, got 16$/);
  });
});

it("what no byte can be is refused by name", () => {
  const image = picture([1, 5, 4, 3, "noise"]);
  expect(() => posterize(image, 9)).toThrow("[posterize] expected 0 to 8 bits to keep, got 9");
  expect(() => rotate(image, 3, [0])).toThrow("[affine] expected a fill of 3 bytes, one a channel, got 1");
  expect(() => affine(image, [1, 0, NaN, 0, 1, 0], [0, 0, 0])).toThrow(
    "[affine] expected finite numbers, got 1, 0, NaN",
  );
  expect(() => adjustSharpness(image, Infinity)).toThrow("[adjustSharpness] expected a finite factor, got Infinity");
  expect(posterize(image, 0).data).toEqual(new Uint8Array(60));
});
