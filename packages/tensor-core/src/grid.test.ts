import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cellAt,
  cellCount,
  cellGrid,
  formatAsSize,
  formatGrid,
  formatSize,
  heightWidth,
  imageShape,
  imageSizeOf,
  isImageSize,
  parseImageSize,
  sameGrid,
  sameSize,
} from "./grid.ts";

describe("sizes", () => {
  it("a number is a square, two are height and width", () => {
    expect(heightWidth(224)).toEqual({ height: 224, width: 224 });
    expect(heightWidth([384, 640])).toEqual({ height: 384, width: 640 });
    expect(imageSizeOf({ height: 224, width: 224 })).toBe(224);
    expect(imageSizeOf({ height: 384, width: 640 })).toEqual([384, 640]);
    expect(imageShape(2, { imageSize: [384, 640], channels: 3 })).toEqual([2, 384, 640, 3]);
  });

  it("are equal by their sides, however they are written", () => {
    expect(sameSize(224, [224, 224])).toBe(true);
    expect(sameSize([384, 640], [384, 640])).toBe(true);
    expect(sameSize([384, 640], [640, 384])).toBe(false);
    expect(sameSize(224, [224, 225])).toBe(false);
  });

  it("print and read height first", () => {
    expect(formatSize(224)).toBe("224");
    expect(formatSize([224, 224])).toBe("224");
    expect(formatSize([384, 640])).toBe("384 x 640");
    expect(parseImageSize("224")).toBe(224);
    expect(parseImageSize("224x224")).toBe(224);
    expect(parseImageSize("384x640")).toEqual([384, 640]);
    expect(parseImageSize("384 x 640")).toEqual([384, 640]);
  });

  it.each(["", "0", "-3", "1.5", "384x", "x640", "384x0", "3x4x5", "large"])("refuses %j", (text) => {
    expect(() => parseImageSize(text)).toThrow(
      `[parseImageSize] expected a size such as 224 or 384x640 (height x width), got "${text}"`,
    );
  });

  it("print as what they are where they are none", () => {
    expect([formatAsSize([384, 640]), formatAsSize(224), formatAsSize([0, 8]), formatAsSize("large")]).toEqual([
      "384 x 640",
      "224",
      "0,8",
      "large",
    ]);
  });

  it("are positive integers", () => {
    expect([224, [384, 640], [1, 1]].every(isImageSize)).toBe(true);
    expect([0, -1, 1.5, NaN, "224", [384], [384, 0], [1, 2, 3], null, undefined].some(isImageSize)).toBe(false);
  });
});

describe("grids", () => {
  it("of square cells over an image", () => {
    const grid = cellGrid([384, 640], 16);
    expect(grid).toEqual({ rows: 24, cols: 40 });
    expect(cellCount(grid)).toBe(960);
    expect(formatGrid(grid)).toBe("24x40");
    expect(sameGrid(grid, { rows: 24, cols: 40 })).toBe(true);
    expect(sameGrid(grid, { rows: 40, cols: 24 })).toBe(false);
  });

  it("every cell holds as many pixels, row by row, where cells fill the image", () => {
    const side = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(side, side, side, side, (rows, cols, down, right) => {
        const size = { height: rows * down, width: cols * right };
        const counts = new Array<number>(rows * cols).fill(0);
        for (let y = 0; y < size.height; y++) {
          for (let x = 0; x < size.width; x++) {
            const cell = cellAt(x, y, size, { rows, cols });
            expect(cell).toBe(Math.floor(y / down) * cols + Math.floor(x / right));
            counts[cell]++;
          }
        }
        expect(new Set(counts)).toEqual(new Set([down * right]));
      }),
      { numRuns: 50 },
    );
  });

  it("covers an image that cells do not fill evenly", () => {
    const cells = Array.from({ length: 5 }, (_, x) => cellAt(x, 0, { height: 1, width: 5 }, { rows: 1, cols: 3 }));
    expect(cells).toEqual([0, 0, 1, 1, 2]);
  });
});
