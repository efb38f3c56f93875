import { describe, expect, it } from "vitest";
import { psnr, ssim, type Pixels } from "./similarity.ts";

const [width, height, channels] = [14, 13, 3];

function pixels(of: (x: number, y: number, c: number) => number): Pixels {
  const data = Float64Array.from({ length: width * height * channels }, (_, i) => {
    const place = Math.floor(i / channels);
    return of(place % width, Math.floor(place / width), i % channels);
  });
  return { width, height, channels, data };
}

const pattern = (x: number, y: number, c: number) => (7 * y + 11 * x + 5 * c + ((x * y) % 9)) % 32;
const one = pixels((x, y, c) => pattern(x, y, c) / 32);
const other = pixels((x, y, c) => pattern(x, y, c) / 40 + ((3 * x + y * y + c) % 8) / 40);

describe("likeness of images", () => {
  it("is what the formulas give, each window summed in two dimensions by numpy in float64", () => {
    expect(ssim(one, other)).toBeCloseTo(0.9481856030430721, 12);
    expect(psnr(one.data, other.data)).toBeCloseTo(21.61864952349766, 12);
  });

  it("is largest for the same image, and below 0 for its negative", () => {
    expect(ssim(one, one)).toBe(1);
    expect(psnr(one.data, one.data)).toBe(Infinity);
    expect(ssim(one, { ...one, data: Array.from(one.data, (value) => 1 - value) })).toBeLessThan(-0.5);
  });

  it("refuses images smaller than its window", () => {
    expect(() => ssim({ ...one, width: 10 }, other)).toThrow("[ssim] expected sides of at least 11, got 10 x 13");
  });
});
