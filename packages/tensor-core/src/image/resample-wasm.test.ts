// The kernel against the plain loops: the same bytes, for every filter, size and part of an image.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRng } from "../random.ts";
import type { ByteImage } from "./image.ts";
import { resampleInWasm } from "./resample-wasm.ts";
import { cachedWeights, resampleWeights, type ResizeFilter } from "./resample-weights.ts";
import { resample, type Resampling } from "./resample.ts";

const filters: ResizeFilter[] = ["bilinear", "bicubic", "lanczos"];

function noise(width: number, height: number, channels: 1 | 3): ByteImage {
  const rng = createRng({ seed: width, index: height });
  // Only the ends of the range at times: they overshoot most, and are clipped.
  const value = width % 2 === 0 ? () => rng.integer(256) : () => 255 * rng.integer(2);
  return { width, height, channels, data: Uint8Array.from({ length: width * height * channels }, value) };
}

function expectSame(image: ByteImage, resampling: Resampling): void {
  const fast = resampleInWasm(image, resampling);
  expect(fast).toBeDefined();
  const plain = resample(image, resampling);
  expect({ ...fast, data: undefined }).toEqual({ ...plain, data: undefined });
  expect(Buffer.compare(fast?.data ?? Buffer.of(), plain.data)).toBe(0);
}

describe("resampleInWasm", () => {
  it("gives the bytes of the plain loops", () => {
    const side = fc.integer({ min: 1, max: 70 });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const cases = fc.tuple(side, side, side, side, fc.constantFrom(...filters), fc.constantFrom(1, 3), share, share);
    fc.assert(
      fc.property(cases, ([w, h, width, height, filter, channels, from, part]) => {
        const image = noise(w, h, channels as 1 | 3);
        const edges = (size: number) => [Math.fround(from * (size - 1)), size - Math.fround(part / 2)] as const;
        const columns = resampleWeights(w, ...edges(w), width, filter);
        const rows = resampleWeights(h, ...edges(h), height, filter);
        const orders = [
          { columns, rows },
          { columns, rows, rowsFirst: true },
        ];
        for (const resampling of [...orders, { columns }, { rows }]) expectSame(image, resampling);
      }),
      { numRuns: 300 },
    );
  });

  it("takes large images in strips", () => {
    const columns = resampleWeights(1201, 0, 1201, 30, "lanczos");
    const rows = resampleWeights(700, 12.5, 690, 17, "lanczos");
    expectSame(noise(1201, 700, 3), { columns, rows });
    expectSame(noise(1201, 700, 3), { columns, rows, rowsFirst: true });
    expectSame(noise(1201, 700, 1), { columns });
    expectSame(noise(1201, 700, 1), { rows });
  });

  it("leaves what needs too much memory to the plain loops", () => {
    const columns = resampleWeights(60, 0, 60, 600, "bicubic");
    const rows = resampleWeights(4, 0, 4, 40_000, "bicubic");
    expect(resampleInWasm(noise(60, 4, 3), { columns, rows })).toBeUndefined();
    expect(resampleInWasm(noise(60, 4, 3), { columns, rows, rowsFirst: true })).toBeUndefined();
    expectSame(noise(60, 4, 3), { rows });
  });
});

describe("cachedWeights", () => {
  it("keeps those asked for last", () => {
    const first = cachedWeights(50, 0, 50, 10, "lanczos");
    expect(first).toEqual(resampleWeights(50, 0, 50, 10, "lanczos"));
    for (let size = 51; size < 80; size++) cachedWeights(size, 0, size, 10, "lanczos");
    expect(cachedWeights(50, 0, 50, 10, "lanczos")).toBe(first);
    for (let size = 51; size < 200; size++) cachedWeights(size, 0, size, 10, "lanczos");
    expect(cachedWeights(50, 0, 50, 10, "lanczos")).not.toBe(first);
  });
});
