import { describe, expect, it } from "vitest";
import { hashSigned } from "@beitjs/tensor-core/testing";
import { resizePositions } from "./absolute.ts";
import { bilinearWeights, resizeMap } from "./interpolation.ts";

const square = (side: number) => ({ rows: side, cols: side });
const map = Float32Array.from({ length: 16 }, (_, i) => hashSigned(5000, i));

describe("resizePositions", () => {
  // Values of PyTorch's interpolate (bicubic, align_corners false), six decimals.
  it("is PyTorch's bicubic, channel by channel, and keeps the class token", () => {
    expect(map[0]).toBeCloseTo(0.523159, 6);
    const positions = new Float32Array(17 * 2);
    positions.set([7, 8]);
    map.forEach((value, i) => positions.set([value, -value], 2 + 2 * i));
    const resized = resizePositions(positions, { width: 2, from: square(4), to: square(6) });
    expect([...resized.subarray(0, 2)]).toEqual([7, 8]);
    const rows: [number, number[]][] = [
      [0, [0.498064, 0.965323, 0.933446, -0.205764, -0.103536, 0.493974]],
      [3, [0.779126, -0.142827, -0.864718, -0.360516, 0.342769, 0.805038]],
    ];
    for (const [row, expected] of rows) {
      expected.forEach((value, col) => {
        const at = 2 + 2 * (row * 6 + col);
        expect(Math.abs(resized[at] - value), `(${row}, ${col})`).toBeLessThan(1e-6);
        expect(resized[at + 1]).toBe(-resized[at]);
      });
    }
  });

  it("gives the same positions back for the same grid, also of unequal sides", () => {
    const positions = Float32Array.from({ length: 7 * 3 }, (_, i) => hashSigned(1, i));
    const grid = { rows: 2, cols: 3 };
    expect(resizePositions(positions, { width: 3, from: grid, to: grid })).toEqual(positions);
  });

  it("refuses positions that do not fit", () => {
    expect(() => resizePositions(new Float32Array(16), { width: 1, from: square(4), to: square(6) })).toThrow(
      "[resizePositions] expected 17 rows of 1 for a 4x4 grid, got 16 values",
    );
  });
});

describe("bilinearWeights", () => {
  it("is PyTorch's bilinear", () => {
    const resized = resizeMap(map, 1, bilinearWeights(4, 6), bilinearWeights(4, 6));
    [0.523159, 0.736678, 0.737352, -0.114027, 0.026699, 0.380269].forEach((value, i) => {
      expect(Math.abs(resized[i] - value)).toBeLessThan(1e-6);
    });
  });
});
