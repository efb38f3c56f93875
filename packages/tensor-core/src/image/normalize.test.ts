import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createImage, fromFloat, statisticsOf, toFloat, type Normalization } from "./index.ts";

const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const image = createImage(2, 1, 3, Uint8Array.of(0, 51, 255, 128, 204, 1));

describe("toFloat", () => {
  it("gives [0, 1], [-1, 1] and [0.1, 0.9]", () => {
    expect([...toFloat(image, "unit")]).toEqual([0, 0.2, 1, 128 / 255, 0.8, 1 / 255].map(Math.fround));
    expect([...toFloat(image, half)].slice(0, 3)).toEqual([-1, Math.fround((Math.fround(0.2) - 0.5) / 0.5), 1]);
    const mapped = toFloat(image, "mapPixels");
    expect(mapped[0]).toBe(Math.fround(0.1));
    expect(mapped[1]).toBeCloseTo(0.26, 7);
    expect(mapped[2]).toBeCloseTo(0.9, 6);
  });

  it("uses each channel's mean and std", () => {
    const values = toFloat(image, imagenet);
    expect(values[1]).toBeCloseTo((0.2 - 0.456) / 0.224, 6);
    expect(values[3]).toBeCloseTo((128 / 255 - 0.485) / 0.229, 6);
    const gray = toFloat(createImage(1, 1, 1, Uint8Array.of(51)), { mean: [0.2], std: [0.5] });
    expect(gray[0]).toBe(0);
  });

  it("refuses a normalization for another number of channels, or a std of 0", () => {
    expect(() => toFloat(createImage(1, 1, 1), half)).toThrow("each of 1 channels, got mean [0.5, 0.5, 0.5]");
    expect(() => toFloat(image, { mean: [0, 0, 0], std: [1, 0, 1] })).toThrow("positive std");
  });
});

describe("fromFloat", () => {
  it("returns every byte it was given", () => {
    const bytes = createImage(
      256,
      1,
      3,
      Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)),
    );
    for (const normalization of ["unit", "mapPixels", half, imagenet] as Normalization[]) {
      expect(fromFloat(toFloat(bytes, normalization), bytes, normalization)).toEqual(bytes);
    }
  });

  it("clips what lies outside", () => {
    fc.assert(
      fc.property(fc.float({ min: -3, max: 3, noNaN: true }), (value) => {
        const { data } = fromFloat(Float32Array.of(value), { width: 1, height: 1, channels: 1 }, "unit");
        expect(data[0]).toBe(Math.min(255, Math.max(0, Math.round(value * 255))));
      }),
    );
  });

  it("refuses the wrong number of values", () => {
    expect(() => fromFloat(new Float32Array(5), { width: 2, height: 1, channels: 3 }, "unit")).toThrow(
      "2 x 1 x 3 = 6 bytes, got 5",
    );
  });
});

it("statisticsOf says every normalization as one", () => {
  const values = toFloat(image, "unit");
  for (const normalization of ["unit", "mapPixels", half, imagenet] as Normalization[]) {
    const { mean, std } = statisticsOf(normalization, 3);
    for (const [i, value] of toFloat(image, normalization).entries()) {
      expect(value).toBeCloseTo((values[i] - mean[i % 3]) / std[i % 3], 6);
    }
  }
  expect(() => statisticsOf(imagenet, 1)).toThrow("[statisticsOf] expected a mean and a positive std for each of 1");
});
