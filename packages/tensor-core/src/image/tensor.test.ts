import { describe, expect, it } from "vitest";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { createImage } from "./image.ts";
import { imagesOf, imageTensor } from "./tensor.ts";

const backend = createReferenceBackend();
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 37) % 256);

describe("imageTensor", () => {
  it("keeps the bytes of images that have the size already, image after image", () => {
    const images = [createImage(3, 3, 3, bytes(27)), createImage(3, 3, 3, bytes(27).reverse())];
    const batch = imageTensor(images, { size: 3 }, backend);
    expect(batch.shape).toEqual([2, 3, 3, 3]);
    const expected = images.flatMap(({ data }) => Array.from(data, (byte) => Math.fround(byte / 255)));
    expect(Array.from(batch.readSync())).toEqual(expected);
  });

  it.each([
    [6, 2],
    [2, 6],
  ])("takes the central square of a %i x %i image", (width, height) => {
    const long = (i: number): number => (width > height ? i % 6 : Math.floor(i / 2));
    const image = createImage(
      width,
      height,
      1,
      Uint8Array.from({ length: 12 }, (_, i) => long(i) * 10),
    );
    const values = Array.from(imageTensor([image], { size: 2 }, backend).readSync(), (value) =>
      Math.round(value * 255),
    );
    expect(values).toEqual(width > height ? [20, 30, 20, 30] : [20, 20, 30, 30]);
  });

  it("scales the short side", () => {
    const image = createImage(40, 20, 3, new Uint8Array(2400).fill(51));
    const batch = imageTensor([image], { size: 7 }, backend);
    expect(batch.shape).toEqual([1, 7, 7, 3]);
    expect([...new Set(batch.readSync())]).toEqual([Math.fround(0.2)]);
  });

  it.each([
    { height: 20, width: 40, from: "wide" },
    { height: 40, width: 20, from: "tall" },
  ])("covers a rectangle and takes its center, of a $from image", ({ height, width }) => {
    const half = Math.max(height, width) / 2;
    const at = (i: number): number => (width > height ? i % width : Math.floor(i / width));
    const data = Uint8Array.from({ length: height * width }, (_, i) => (at(i) < half ? 0 : 255));
    const batch = imageTensor([createImage(width, height, 1, data)], { size: [10, 12] }, backend);
    expect(batch.shape).toEqual([1, 10, 12, 1]);
    const values = batch.readSync();
    expect([values[0], values[10 * 12 - 1]]).toEqual([0, 1]);
    const [first, last] = width > height ? [values[5], values[6]] : [values[4 * 12], values[5 * 12]];
    expect(first).toBeLessThan(0.5);
    expect(last).toBeGreaterThan(0.5);
  });

  it("says what is wrong", () => {
    expect(() => imageTensor([], { size: 4 }, backend)).toThrow("[imageTensor] expected at least one image, got none");
    expect(() => imageTensor([createImage(4, 4, 1)], { size: 0 }, backend)).toThrow(
      "[imageTensor] expected a size of at least 1, got 0",
    );
    expect(() => imageTensor([createImage(4, 4, 3), createImage(4, 4, 1)], { size: 4 }, backend)).toThrow(
      "[imageTensor] expected 3 channels in image 1 as in image 0, got 1",
    );
  });
});

describe("imagesOf", () => {
  it("gives back what imageTensor took", () => {
    const images = [createImage(5, 3, 3, bytes(45)), createImage(5, 3, 3, bytes(45).reverse())];
    const values = Float32Array.from(imageTensor(images, { size: [3, 5] }, backend).readSync());
    expect(imagesOf(values, { imageSize: [3, 5], channels: 3 })).toEqual(images);
  });

  it("refuses what is no images", () => {
    const config = { imageSize: [3, 5], channels: 1 } as const;
    expect(() => imagesOf(new Float32Array(16), config)).toThrow("[imagesOf] expected a multiple of 15 values, got 16");
    expect(() => imagesOf(new Float32Array(30), { ...config, channels: 9 })).toThrow("expected 1 to 8 channels, got 9");
  });
});
