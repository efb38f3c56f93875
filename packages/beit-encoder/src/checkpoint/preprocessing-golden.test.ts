// Against transformers' BeitImageProcessorPil on Pillow 13.0 (tools/golden/image/make-views.py): what a
// preprocessor_config.json says, done with the image operations of tensor-core, to the last bit.
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { heightWidth } from "@beitjs/tensor-core/grid";
import { createImage, crop, resize, resizeToCover, toFloat, type Image } from "@beitjs/tensor-core/image";
import { hashUniform } from "@beitjs/tensor-core/testing";
import { preprocessingFromHuggingFace, preprocessingToHuggingFace, type Preprocessing } from "./preprocessing.ts";

type Picture = [key: number, width: number, height: number, kind: "noise" | "extreme" | "waves"];
type Case = {
  readonly image: Picture;
  readonly config: Record<string, unknown>;
  readonly crc: number;
  readonly bytes: number[];
  readonly floats: number;
  readonly values: number[];
};
type Table = [red: number[], green: number[], blue: number[]];
type Golden = {
  readonly cases: Case[];
  readonly tables: Record<"half" | "imagenet" | "unit", Table>;
  readonly torchvisionTables: Record<"half" | "imagenet", Table>;
};
const golden = JSON.parse(
  readFileSync(new URL("../../../../tools/golden/image/hugging-face.json", import.meta.url), "utf8"),
) as Golden;

function picture([key, width, height, kind]: Picture): Image {
  const byte = (i: number): number => {
    const value = hashUniform(key, i);
    if (kind === "noise") return Math.floor(256 * value);
    if (kind === "extreme") return value >= 0.5 ? 255 : 0;
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / (3 * width)), i % 3];
    const wave = Math.abs(((3 * x + 5 * y + 40 * c) % 256) - 128);
    return Math.min(255, Math.floor(((wave + 32 * value) / 160) * 256));
  };
  return createImage(
    width,
    height,
    3,
    Uint8Array.from({ length: width * height * 3 }, (_, i) => byte(i)),
  );
}

/** Resizes and cuts; transformers rounds the margins of its center crop down. */
function process(image: Image, { filter, size, fit, crop: side }: Preprocessing): Image {
  const resized =
    fit === "square"
      ? resize(image, { ...heightWidth(size), filter })
      : resizeToCover(image, heightWidth(size), filter);
  if (side === 0) return resized;
  const { height, width } = heightWidth(side);
  const [left, top] = [Math.floor((resized.width - width) / 2), Math.floor((resized.height - height) / 2)];
  return crop(resized, { left, top, width, height });
}

describe("BeitImageProcessorPil", () => {
  it.each(golden.cases)("$image, $config.size $config.resample", ({ image, config, ...expected }) => {
    const preprocessing = preprocessingFromHuggingFace(config);
    const view = process(picture(image), preprocessing);
    const at = (array: ArrayLike<number>): number[] =>
      Array.from({ length: 6 }, (_, i) => array[Math.floor((i * array.length) / 6)]);
    expect(at(view.data)).toEqual(expected.bytes);
    expect(crc32(view.data)).toBe(expected.crc);
    const values = toFloat(view, preprocessing);
    expect(at(values)).toEqual(expected.values.map(Math.fround));
    expect(crc32(new Uint8Array(values.buffer))).toBe(expected.floats);
  });

  it.each(golden.cases)("$image: its config comes back", ({ config }) => {
    const preprocessing = preprocessingFromHuggingFace(config);
    const again = preprocessingToHuggingFace(preprocessing);
    expect(again).toMatchObject(
      config["do_center_crop"] === true ? config : { ...config, crop_size: again["crop_size"] },
    );
  });
});

describe("the 256 bytes", () => {
  const bytes = createImage(
    16,
    16,
    3,
    Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)),
  );
  const half = { size: 224, do_center_crop: false };
  const imagenet = { ...half, image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };
  const channels = (config: object): Float32Array[] => {
    const values = toFloat(bytes, preprocessingFromHuggingFace(config));
    return [0, 1, 2].map((c) => values.filter((_, i) => i % 3 === c));
  };

  it.each([
    ["half", half],
    ["imagenet", imagenet],
    ["unit", { ...half, do_normalize: false }],
  ] as const)("become the same floats, %s", (name, config) => {
    expect(channels(config)).toEqual(golden.tables[name].map((channel) => Float32Array.from(channel)));
  });

  it.each([
    ["half", half],
    ["imagenet", imagenet],
  ] as const)("become nearly the floats of the torchvision-backed processor, %s", (name, config) => {
    channels(config).forEach((channel, c) => {
      const expected = golden.torchvisionTables[name][c];
      const errors = Array.from(channel, (value, byte) => Math.abs(value - expected[byte]));
      // It scales mean and std by 255 instead of the byte by 1 / 255.
      expect(Math.max(...errors)).toBeLessThan(5e-7);
    });
  });
});
