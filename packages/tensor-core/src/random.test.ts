import { describe, expect, it } from "vitest";
import { createRng, permutation, philox } from "./random.ts";

describe("philox", () => {
  // Known answers of the authors' Random123 distribution (kat_vectors, philox4x32 10).
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])("matches the known answer for counter %j", ([c0, c1, c2, c3], [k0, k1], expected) => {
    const out = new Uint32Array(4);
    philox(out, c0, c1, c2, c3, k0, k1);
    expect([...out]).toEqual(expected);
  });
});

describe("createRng", () => {
  it("gives the same numbers for the same address and others for another", () => {
    const draw = (address: Parameters<typeof createRng>[0]) => {
      const rng = createRng(address);
      return Array.from({ length: 9 }, () => rng.uint32());
    };
    expect(draw({ seed: 7, stream: 2, epoch: 3, index: 4 })).toEqual(draw({ seed: 7, stream: 2, epoch: 3, index: 4 }));
    const first = draw(7)[0];
    for (const other of [
      draw(8),
      draw({ seed: 7, stream: 1 }),
      draw({ seed: 7, epoch: 1 }),
      draw({ seed: 7, index: 1 }),
      draw(7 + 2 ** 33),
    ])
      expect(other[0]).not.toBe(first);
  });

  it("has the moments of its distributions", () => {
    const rng = createRng(1);
    const normals = Array.from({ length: 20000 }, () => rng.normal());
    const mean = normals.reduce((sum, x) => sum + x, 0) / normals.length;
    const variance = normals.reduce((sum, x) => sum + (x - mean) ** 2, 0) / normals.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 14000; i++) counts[rng.integer(7)]++;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });

  it("forks inherit what is not named", () => {
    const fork = createRng({ seed: 5, stream: 2 }).fork({ index: 9 });
    expect(fork.address).toEqual({ seed: 5, stream: 2, epoch: 0, index: 9 });
  });

  it("refuses parts that are no unsigned integers", () => {
    expect(() => createRng(-1)).toThrow("[createRng] expected seed to be an integer in [0, 9007199254740991], got -1");
    expect(() => createRng({ seed: 1, index: 0.5 })).toThrow("index");
  });

  it("permutes", () => {
    const order = permutation(100, createRng(3));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect([...order]).not.toEqual([...order].sort((a, b) => a - b));
  });
});
