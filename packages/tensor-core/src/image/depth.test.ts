// Images of 1 to 8 channels and of 8 or 16 bits through every operation, against sums in float64 that are written here.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRng } from "../random.ts";
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  colorJitter,
  createImage,
  crop,
  evalView,
  flipHorizontal,
  fromFloat,
  grayToRgb,
  pad,
  resize,
  toBytes,
  toFloat,
  toGray,
  toImage,
  withChannels,
  type Image,
  type ResizeFilter,
} from "./index.ts";

const filters: ResizeFilter[] = ["bilinear", "bicubic", "lanczos"];
const channelCounts = [1, 2, 3, 4, 5, 6, 7, 8];
const kinds = channelCounts.flatMap((channels) => [8, 16].map((depth) => ({ channels, depth })));

function noise(width: number, height: number, channels: number, depth: number, seed = 1): Image {
  const rng = createRng({ seed, index: width * 100 + height });
  const length = width * height * channels;
  const values = Array.from({ length }, () => rng.integer(2 ** depth));
  return createImage(width, height, channels, depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values));
}

const plane = ({ width, height, channels, data }: Image, channel: number): Image =>
  createImage(
    width,
    height,
    1,
    data.filter((_, i) => i % channels === channel),
  );

// Support and formula as Pillow has them; nothing is rounded but the result.
const kernels: Record<string, readonly [support: number, weight: (x: number) => number]> = {
  bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  bicubic: [
    2,
    (x) => {
      const t = Math.abs(x);
      if (t < 1) return 1.5 * t ** 3 - 2.5 * t ** 2 + 1;
      return t < 2 ? -0.5 * t ** 3 + 2.5 * t ** 2 - 4 * t + 2 : 0;
    },
  ],
  lanczos: [3, (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0)],
};
const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

function weightsOf(from: number, to: number, filter: string): number[][] {
  const [support, weight] = kernels[filter];
  const scale = from / to;
  const stretch = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(center - support * stretch + 0.5));
    const high = Math.min(from, Math.trunc(center + support * stretch + 0.5));
    const row = Array.from({ length: from }, (_, x) =>
      x < low || x >= high ? 0 : weight((x + 0.5 - center) / stretch),
    );
    const total = row.reduce((sum, value) => sum + value, 0);
    return row.map((value) => value / total);
  });
}

/** Float64, by channel, both passes without rounding. */
function resized(
  { width, height, channels, data }: Image,
  to: { width: number; height: number },
  filter: string,
): Float64Array {
  const [columns, rows] = [weightsOf(width, to.width, filter), weightsOf(height, to.height, filter)];
  const out = new Float64Array(to.width * to.height * channels);
  for (let y = 0; y < to.height; y++) {
    for (let x = 0; x < to.width; x++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let v = 0; v < height; v++) {
          for (let u = 0; u < width; u++) sum += rows[y][v] * columns[x][u] * data[(v * width + u) * channels + c];
        }
        out[(y * to.width + x) * channels + c] = sum;
      }
    }
  }
  return out;
}

describe.each(kinds)("$channels channels of $depth bits", ({ channels, depth }) => {
  const white = 2 ** depth - 1;

  it("are resized as each by itself", () => {
    const side = fc.integer({ min: 1, max: 17 });
    fc.assert(
      fc.property(
        side,
        side,
        side,
        side,
        fc.constantFrom(...filters),
        fc.nat(99),
        (w, h, width, height, filter, seed) => {
          const image = noise(w, h, channels, depth, seed);
          const actual = resize(image, { width, height, filter });
          expect(actual.data.BYTES_PER_ELEMENT).toBe(depth / 8);
          for (let c = 0; c < channels; c++) {
            expect(plane(actual, c)).toEqual(resize(plane(image, c), { width, height, filter }));
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  it("of the middle of the range are within a rounding of the sum in float64", () => {
    for (const [w, h, width, height] of [
      [13, 7, 5, 11],
      [1, 9, 4, 3],
      [16, 16, 7, 7],
      [6, 5, 6, 13],
    ]) {
      const full = noise(w, h, channels, depth);
      const data = full.data.map((value) => Math.round(white * 0.35 + value * 0.3));
      for (const filter of filters) {
        const actual = resize({ ...full, data }, { width, height, filter });
        for (const [i, value] of resized({ ...full, data }, { width, height }, filter).entries()) {
          expect(Math.abs(actual.data[i] - value)).toBeLessThan(1.3);
        }
      }
    }
  });

  it("are cropped, padded and mirrored by pixels", () => {
    const image = noise(5, 4, channels, depth);
    const at = (from: Image, x: number, y: number) => [
      ...from.data.subarray((y * from.width + x) * channels, (y * from.width + x + 1) * channels),
    ];
    const part = crop(image, { left: 1, top: 2, width: 3, height: 2 });
    const mirrored = flipHorizontal(image);
    const padded = pad(image, 2);
    for (const made of [part, mirrored, padded]) expect(made.data.BYTES_PER_ELEMENT).toBe(depth / 8);
    for (let y = 0; y < 4; y++) {
      for (let x = 0; x < 5; x++) {
        if (y < 2 && x < 3) expect(at(part, x, y)).toEqual(at(image, x + 1, y + 2));
        expect(at(mirrored, 4 - x, y)).toEqual(at(image, x, y));
        expect(at(padded, x + 2, y + 2)).toEqual(at(image, x, y));
      }
    }
    expect(at(padded, 1, 1)).toEqual(new Array(channels).fill(0));
  });

  it("become floats by their white, and bytes again", () => {
    const image = noise(3, 5, channels, depth);
    const mean = channelCounts.slice(0, channels).map((c) => c / 16);
    const std = mean.map((value) => value + 0.1);
    const floats = toFloat(image, { mean, std });
    for (const [i, value] of floats.entries()) {
      const [m, s] = [mean[i % channels], std[i % channels]];
      expect(Math.abs(value - (image.data[i] / white - m) / s)).toBeLessThan(2e-6);
    }
    const bytes = fromFloat(floats, image, { mean, std });
    for (const [i, value] of bytes.data.entries()) expect(value).toBe(Math.round((image.data[i] / white) * 255));
    expect(toBytes(image).data).toEqual(Uint8Array.from(image.data, (value) => value >> (depth - 8)));
  });

  it("are seen at the center as each by itself", () => {
    const image = noise(11, 9, channels, depth);
    const view = {
      ...{ size: [4, 6] as const, fit: { kind: "centerCrop", cropRatio: 0.8 } as const, filter: "bicubic" as const },
      normalization: "unit" as const,
    };
    const all = evalView(image, { ...view, channels });
    for (let c = 0; c < channels; c++) {
      const own = evalView(plane(image, c), { ...view, channels: 1 });
      expect(all.filter((_, i) => i % channels === c)).toEqual(own);
    }
  });

  it("are taken as pixels", async () => {
    const image = noise(3, 2, channels, depth);
    expect(await toImage(image, { channels })).toEqual(image);
    const { width, height, data } = image;
    expect(await toImage({ width, height, data }, { channels })).toEqual(image);
  });
});

describe("16 bits", () => {
  it("of a picture of 8 give the same view, but for the rounding to bytes", () => {
    const bytes = noise(20, 14, 3, 8);
    const deep: Image = { ...bytes, data: Uint16Array.from(bytes.data, (value) => value * 257) };
    for (const filter of filters) {
      const size = { width: 9, height: 11, filter };
      const [coarse, fine] = [toFloat(resize(bytes, size), "unit"), toFloat(resize(deep, size), "unit")];
      for (const [i, value] of fine.entries()) expect(Math.abs(value - coarse[i])).toBeLessThan(1.5 / 255);
    }
  });

  it("take the nearest pixels that bytes take", () => {
    const bytes = noise(13, 9, 4, 8);
    const deep: Image = { ...bytes, data: Uint16Array.from(bytes.data, (value) => value * 257) };
    for (const [width, height] of [
      [5, 17],
      [13, 4],
      [1, 1],
    ]) {
      const size = { width, height, filter: "nearest" } as const;
      expect([...resize(deep, size).data]).toEqual([...resize(bytes, size).data].map((value) => value * 257));
    }
  });

  it("clip where a filter overshoots", () => {
    const edge = createImage(8, 1, 1, Uint16Array.of(0, 0, 0, 0, 65535, 65535, 65535, 65535));
    const { data } = resize(edge, { width: 16, height: 1, filter: "lanczos" });
    expect(Math.max(...data)).toBe(65535);
    expect(Math.min(...data)).toBe(0);
    expect([...data.slice(0, 4)].every((value) => value < 2000)).toBe(true);
    expect([...data.slice(-4)].every((value) => value > 63000)).toBe(true);
  });

  it("have the grey and the color changes of bytes, 257 times as fine", () => {
    const bytes = noise(6, 5, 3, 8);
    const deep: Image = { ...bytes, data: Uint16Array.from(bytes.data, (value) => value * 257) };
    const gray = toGray(bytes);
    for (const [i, value] of toGray(deep).data.entries())
      expect(Math.abs(value / 257 - gray.data[i])).toBeLessThan(0.51);
    expect(grayToRgb(toGray(deep)).data.slice(0, 3)).toEqual(new Uint16Array(3).fill(toGray(deep).data[0]));
    for (const adjust of [adjustBrightness, adjustContrast, adjustSaturation]) {
      for (const factor of [0, 0.4, 1, 1.7]) {
        const [fine, coarse] = [adjust(deep, factor), adjust(bytes, factor)];
        // Bytes are cut, and so are the mean and luma that they are blended with.
        for (const [i, value] of fine.data.entries()) expect(Math.abs(value / 257 - coarse.data[i])).toBeLessThan(1.6);
      }
    }
    expect(adjustBrightness(deep, 1).data).toEqual(deep.data);
  });
});

describe("channels that are no colors", () => {
  it("have no color jitter, grey or color", () => {
    const four = noise(2, 2, 4, 16);
    const none = { brightness: 0, contrast: 0, saturation: 0 };
    for (const adjust of [adjustBrightness, adjustContrast, adjustSaturation]) {
      expect(() => adjust(four, 1)).toThrow(`[${adjust.name}] expected 1 or 3 channels, whose colors are known, got 4`);
    }
    expect(() => colorJitter(four, { ...none, contrast: 0.1 }, createRng(1))).toThrow("[adjustContrast]");
    const rng = createRng(1);
    expect(colorJitter(four, none, rng)).toBe(four);
    expect(rng.drawn).toBe(5); // as with colors, so that what is drawn next is the same
    expect(() => toGray(four)).toThrow("[toGray] expected 1 or 3 channels");
    expect(() => withChannels(four, 3)).toThrow("[withChannels] expected an image of 1 or 3 channels, got 4");
    expect(() => withChannels(noise(2, 2, 3, 8), 4)).toThrow("[withChannels] expected an image of 4 channels, got 3");
    expect(withChannels(four, 4)).toBe(four);
  });

  it("are no picture of a page, nor what an unknown decoder gives", async () => {
    const five = noise(2, 2, 5, 8);
    await expect(toImage(five)).rejects.toThrow("expected 1 to 4 bytes for each of 2 x 2 pixels, got 20 bytes");
    await expect(toImage(five, { channels: 4 })).rejects.toThrow("[toImage] expected 4 channels, got 5");
    await expect(toImage(five, { channels: 9 })).rejects.toThrow("expected 1 to 8 channels, got 9");
    const drawn = { width: 2, height: 2, getContext: null };
    await expect(toImage(drawn, { channels: 4 })).rejects.toThrow(
      "expected 4 channels, as pixels or as an encoded image",
    );
    await expect(toImage(Uint8Array.of(1), { channels: 4 })).rejects.toThrow("got (bytes)");
    const asked: unknown[] = [];
    const decode = async (_: Uint8Array, name: string, options: object) => (
      asked.push(name, options),
      noise(2, 2, 3, 8)
    );
    await expect(toImage(Uint8Array.of(1), { channels: 4, decode })).rejects.toThrow("expected 4 channels, got 3");
    expect((await toImage(Uint8Array.of(1), { channels: 1, decode })).channels).toBe(3);
    expect(asked).toEqual(["(bytes)", { channels: 4 }, "(bytes)", {}]);
    const rgba = { width: 1, height: 1, data: Uint16Array.of(1, 2, 3, 4) };
    expect((await toImage(rgba)).data).toEqual(Uint16Array.of(1, 2, 3));
  });
});
