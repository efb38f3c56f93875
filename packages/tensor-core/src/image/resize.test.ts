import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createImage, resize, resizeShortSide, resizeToCover, type ResizeFilter } from "./index.ts";

const filters: ResizeFilter[] = ["bilinear", "bicubic", "lanczos"];

describe("resize", () => {
  it("keeps a constant image constant, whatever the sizes", () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(
        side,
        side,
        side,
        side,
        fc.constantFrom(...filters),
        fc.nat(255),
        (w, h, width, height, filter, value) => {
          const out = resize(createImage(w, h, 1, new Uint8Array(w * h).fill(value)), { width, height, filter });
          expect(out.data).toEqual(new Uint8Array(width * height).fill(value));
        },
      ),
    );
  });

  it("returns the same image when nothing changes", () => {
    const image = createImage(4, 3, 3);
    expect(resize(image, { width: 4, height: 3, filter: "bicubic" })).toBe(image);
    expect(
      resize(image, { width: 4, height: 3, filter: "bicubic", box: { left: 0, top: 0, width: 4, height: 3 } }),
    ).toBe(image);
  });

  it("averages all pixels when shrinking to one", () => {
    const image = createImage(4, 1, 1, Uint8Array.of(0, 100, 100, 200));
    expect([...resize(image, { width: 1, height: 1, filter: "bilinear" }).data]).toEqual([100]);
  });

  it("refuses sizes, boxes and filters that make no image", () => {
    const image = createImage(4, 3, 1);
    const to = { width: 2, height: 2, filter: "bicubic" } as const;
    expect(() => resize(image, { ...to, width: 0 })).toThrow(
      "[resize] expected a target width and height of at least 1, got 0 x 2",
    );
    expect(() => resize(image, { ...to, height: 1.5 })).toThrow("got 2 x 1.5");
    expect(() => resize(image, { ...to, filter: "hamming" as ResizeFilter })).toThrow("got hamming");
    for (const box of [
      { left: -0.1, top: 0, width: 2, height: 2 },
      { left: 3, top: 0, width: 2, height: 2 },
      { left: 0, top: 0, width: 0, height: 2 },
      { left: 0, top: Number.NaN, width: 1, height: 1 },
    ]) {
      expect(() => resize(image, { ...to, box })).toThrow("[resize] expected a box inside 4 x 3");
    }
    expect(() => resize({ ...image, data: new Uint8Array(11) }, to)).toThrow("4 x 3 x 1 = 12 bytes, got 11");
    expect(() => createImage(0, 3, 1)).toThrow("[createImage] expected a width and height of at least 1, got 0 x 3");
    expect(() => createImage(1, 1, 9)).toThrow("[createImage] expected 1 to 8 channels, got 9");
  });
});

describe("resizeShortSide", () => {
  it.each([
    [500, 375, 256, [341, 256]],
    [375, 500, 256, [256, 341]],
    [256, 300, 256, [256, 300]],
    [7, 7, 5, [5, 5]],
  ])("%d x %d to %d", (width, height, size, expected) => {
    const out = resizeShortSide(createImage(width, height, 1), size, "bicubic");
    expect([out.width, out.height]).toEqual(expected);
  });
});

describe("resizeToCover", () => {
  // Sizes of timm 1.0.31's ResizeKeepRatio, as width and height.
  it.each<[number, number, [number, number], [number, number]]>([
    [500, 375, [256, 384], [384, 288]],
    [500, 375, [384, 256], [512, 384]],
    [33, 77, [48, 80], [80, 187]],
    [640, 480, [224, 301], [301, 226]],
  ])("%d x %d to %j", (width, height, [rows, columns], expected) => {
    const out = resizeToCover(createImage(width, height, 1), { height: rows, width: columns }, "bicubic");
    expect([out.width, out.height]).toEqual(expected);
  });

  it("is resizeShortSide for squares, which cuts where others round", () => {
    const image = createImage(500, 375, 1);
    expect(resizeToCover(image, { height: 256, width: 256 }, "bicubic").width).toBe(341);
  });

  it("covers every size", () => {
    const side = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(side, side, side, side, (w, h, width, height) => {
        const out = resizeToCover(createImage(w, h, 1), { width, height }, "bilinear");
        expect(out.width).toBeGreaterThanOrEqual(width);
        expect(out.height).toBeGreaterThanOrEqual(height);
      }),
      { numRuns: 50 },
    );
  });
});
