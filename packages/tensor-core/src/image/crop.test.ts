import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRng } from "../random.ts";
import type { Rng } from "../random.ts";
import { centerCropBox, createImage, crop, flipHorizontal, pad, randomResizedCropBox } from "./index.ts";

const paper = { scale: [0.08, 1], ratio: [3 / 4, 4 / 3] } as const;

describe("crop, pad and flip", () => {
  const image = createImage(3, 2, 1, Uint8Array.of(1, 2, 3, 4, 5, 6));
  const rgb = createImage(2, 1, 3, Uint8Array.of(1, 2, 3, 4, 5, 6));

  it("cuts a rectangle", () => {
    expect(crop(image, { left: 1, top: 0, width: 2, height: 2 })).toEqual(
      createImage(2, 2, 1, Uint8Array.of(2, 3, 5, 6)),
    );
    expect([...crop(rgb, { left: 1, top: 0, width: 1, height: 1 }).data]).toEqual([4, 5, 6]);
  });

  it("mirrors pixels, not channels", () => {
    expect([...flipHorizontal(image).data]).toEqual([3, 2, 1, 6, 5, 4]);
    expect([...flipHorizontal(rgb).data]).toEqual([4, 5, 6, 1, 2, 3]);
  });

  it("pads with black", () => {
    expect([...pad(createImage(1, 1, 1, Uint8Array.of(9)), 1).data]).toEqual([0, 0, 0, 0, 9, 0, 0, 0, 0]);
    expect(crop(pad(rgb, 4), { left: 4, top: 4, width: 2, height: 1 })).toEqual(rgb);
  });

  it("refuses boxes that are empty, fractional or outside", () => {
    for (const box of [
      { left: 0, top: 0, width: 0, height: 1 },
      { left: 0.5, top: 0, width: 1, height: 1 },
      { left: -1, top: 0, width: 1, height: 1 },
      { left: 2, top: 0, width: 2, height: 1 },
      { left: 0, top: 1, width: 1, height: 2 },
    ]) {
      expect(() => crop(image, box)).toThrow("[crop] expected a box of whole pixels inside 3 x 2");
    }
    expect(() => pad(image, -1)).toThrow("[pad] expected whole pixels, got -1");
  });
});

describe("centerCropBox", () => {
  it("rounds odd margins half to even, as torchvision does", () => {
    expect(centerCropBox(256, 341, { width: 224, height: 224 })).toEqual({
      left: 16,
      top: 58,
      width: 224,
      height: 224,
    });
    expect(centerCropBox(7, 9, { width: 4, height: 4 })).toEqual({ left: 2, top: 2, width: 4, height: 4 });
    expect(centerCropBox(7, 9, { width: 4, height: 4 }, "down")).toEqual({ left: 1, top: 2, width: 4, height: 4 });
  });

  it("refuses a crop larger than the image", () => {
    expect(() => centerCropBox(10, 20, { width: 11, height: 5 })).toThrow("inside 10 x 20, got 11 x 5");
  });
});

describe("randomResizedCropBox", () => {
  it("computes the first attempt from the formula", () => {
    // area 0.5 * 100 * 80 = 4000; ratio exp(0) = 1; sqrt = 63.2; top 0.5 * 18, left 0.25 * 38
    const box = randomResizedCropBox(
      100,
      80,
      { scale: [0.08, 0.92], ratio: paper.ratio },
      scripted([0.5, 0.5, 0.5, 0.25]),
    );
    expect(box).toEqual({ left: 9, top: 9, width: 63, height: 63 });
  });

  it("draws again when a side does not fit", () => {
    const rng = scripted([0.999, 0.5, 0.1, 0.5, 0, 0]);
    const box = randomResizedCropBox(200, 50, paper, rng); // area 9990: side 100 > 50; then area 1720: side 41
    expect(box).toEqual({ left: 0, top: 0, width: 41, height: 41 });
  });

  it.each([
    [1000, 10, { left: 493, top: 0, width: 13, height: 10 }],
    [10, 1000, { left: 0, top: 493, width: 10, height: 13 }],
    [100, 90, { left: 0, top: 0, width: 100, height: 90 }],
  ])("falls back on a central box for %d x %d", (width, height, expected) => {
    const tooLarge = { scale: [50, 60], ratio: paper.ratio } as const;
    const rng = createRng(1);
    expect(randomResizedCropBox(width, height, tooLarge, rng)).toEqual(expected);
    expect(rng.drawn).toBe(20); // ten attempts, two numbers each
  });

  it("always lies inside the image, whole and not empty", () => {
    const side = fc.integer({ min: 1, max: 600 });
    fc.assert(
      fc.property(side, side, fc.nat(), (width, height, seed) => {
        const box = randomResizedCropBox(width, height, paper, createRng(seed));
        const image = createImage(width, height, 1);
        expect(crop(image, box).data.length).toBe(box.width * box.height);
      }),
    );
  });

  it("covers the area range evenly and keeps the ratio", () => {
    const shares = Array.from({ length: 4000 }, (_, index) => {
      const { width, height } = randomResizedCropBox(1000, 1000, paper, createRng({ seed: 3, index }));
      expect(width / height).toBeGreaterThan(0.74);
      expect(width / height).toBeLessThan(1.35);
      return (width * height) / 1e6;
    });
    // Attempts that do not fit thin out the largest shares; below 3/4 every draw fits, so that part is uniform.
    const counts = [0.08, 0.3, 0.52].map((low) => shares.filter((share) => share >= low && share < low + 0.22).length);
    for (const count of counts) expect(Math.abs(count / counts[0] - 1)).toBeLessThan(0.12);
    expect(Math.min(...shares)).toBeGreaterThan(0.078);
  });

  it("refuses empty or negative ranges", () => {
    expect(() => randomResizedCropBox(9, 9, { ...paper, scale: [1, 0.5] }, createRng(1))).toThrow(
      "scale to be a positive range, got [1, 0.5]",
    );
    expect(() => randomResizedCropBox(9, 9, { ...paper, ratio: [0, 1] }, createRng(1))).toThrow("ratio");
  });
});

// An Rng whose uniform numbers are given.
function scripted(numbers: number[]): Rng {
  const rng: Rng = {
    ...createRng(0),
    uniform: () => numbers.shift() ?? Number.NaN,
    integer: (bound) => Math.floor(rng.uniform() * bound),
  };
  return rng;
}
