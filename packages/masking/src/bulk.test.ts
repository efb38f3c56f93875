import { createRng } from "@beitjs/tensor-core/random";
import type { Rng, RngAddress } from "@beitjs/tensor-core/random";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { blockwiseMask } from "./blockwise.ts";
import type { BlockwiseOptions } from "./block-plan.ts";
import { maskOf } from "./batch.ts";
import { createMaskGenerator } from "./bulk.ts";
import type { BatchAddress, BlockwiseBatch, MaskGenerator } from "./bulk.ts";
import type { Grid } from "./grid.ts";
import { uniformMask } from "./uniform.ts";

let generator: MaskGenerator;
beforeAll(async () => {
  generator = await createMaskGenerator();
});
afterEach(() => vi.unstubAllGlobals());

function drawGrid(rng: Rng): Grid {
  const most = [4, 8, 8, 16, 16, 24, 64][rng.integer(7)];
  return { rows: 1 + rng.integer(most), cols: 1 + rng.integer(most) };
}

function drawOptions({ rows, cols }: Grid, rng: Rng): BlockwiseOptions {
  const minBlock = rng.integer(2) === 0 ? 1 + rng.integer(20) : 0.2 + 30 * rng.uniform();
  const minAspect = [0.3, 0.05 + 0.9 * rng.uniform(), 1][rng.integer(3)];
  const shape = { minBlock, minAspect, ...(rng.integer(3) === 0 ? { maxAspect: minAspect + 3 * rng.uniform() } : {}) };
  const choice = rng.integer(3);
  if (choice === 0) return { ...shape, variant: "paper", ratio: 0.01 + 0.9 * rng.uniform() };
  const count = 1 + rng.integer(rows * cols);
  const limit = rng.integer(4) === 0 ? { maxBlock: 1 + 40 * rng.uniform() } : {};
  return { ...shape, ...limit, variant: choice === 1 ? "official" : "exact", count };
}

function drawBatch(grid: Grid, options: BlockwiseOptions, address: RngAddress & { readonly masks: number }) {
  try {
    return generator.blockwise(grid, options, address);
  } catch (error) {
    const { masks: _, ...first } = address;
    const message = (error as Error).message.replace("MaskGenerator.blockwise", "blockwiseMask");
    expect(() => blockwiseMask(grid, options, createRng(first))).toThrow(message);
    return undefined;
  }
}

function expectEqual(batch: BlockwiseBatch, i: number, rng: Rng, options: BlockwiseOptions): void {
  const mask = blockwiseMask(batch.grid, options, rng);
  const size = batch.grid.rows * batch.grid.cols;
  let same = mask.count === batch.counts[i] && mask.blocks === batch.blocks[i] && mask.attempts === batch.attempts[i];
  for (let cell = 0; cell < size; cell++) same &&= mask.cells[cell] === batch.cells[i * size + cell];
  if (!same || mask.complete !== (batch.complete[i] === 1))
    expect(maskOf(batch, i), JSON.stringify(options)).toEqual(mask);
}

test("100,000 blockwise masks of many grids, options and seeds equal those of blockwiseMask", () => {
  const rng = createRng({ seed: 77, stream: 1 });
  const variants = { official: 0, exact: 0, paper: 0 };
  let compared = 0;
  while (compared < 100_000) {
    const grid = drawGrid(rng);
    const options = drawOptions(grid, rng);
    const seed = rng.uint32() + 2 ** 32 * rng.integer(2 ** 21);
    const address = { seed, stream: rng.uint32(), epoch: rng.integer(100), index: rng.uint32() % 4_000_000_000 };
    const masks = Math.max(4, Math.min(400, Math.floor(20_000 / (grid.rows * grid.cols))));
    const batch = drawBatch(grid, options, { ...address, masks });
    if (batch === undefined) continue;
    for (let i = 0; i < masks; i++) {
      expectEqual(batch, i, createRng({ ...address, index: address.index + i }), options);
    }
    variants[options.variant ?? "official"] += masks;
    compared += masks;
  }
  for (const times of Object.values(variants)) expect(times).toBeGreaterThan(10_000);
});

// Any seeds, streams, epochs and indices beside each other, as a shuffled batch of images has them.
function drawAddresses(masks: number, rng: Rng): Required<RngAddress>[] {
  return Array.from({ length: masks }, () => ({
    seed: rng.uint32() + 2 ** 32 * rng.integer(2 ** 21),
    stream: rng.uint32(),
    epoch: rng.uint32(),
    index: rng.uint32(),
  }));
}

test("wasm is what draws them here", () => expect(generator.implementation).toBe("wasm"));

test("masks of scattered addresses equal those of the same addresses one by one", () => {
  const rng = createRng({ seed: 79, stream: 1 });
  for (let compared = 0; compared < 10_000;) {
    const grid = drawGrid(rng);
    const options = drawOptions(grid, rng);
    const addresses = drawAddresses(1 + rng.integer(200), rng);
    const count = 1 + rng.integer(grid.rows * grid.cols);
    const uniform = generator.uniform(grid, { count }, addresses);
    addresses.forEach((address, i) =>
      expect(maskOf(uniform, i).cells.join("")).toBe(uniformMask(grid, { count }, createRng(address)).cells.join("")),
    );
    try {
      blockwiseMask(grid, options, createRng(0));
    } catch {
      continue;
    }
    const batch = generator.blockwise(grid, options, addresses);
    addresses.forEach((address, i) => expectEqual(batch, i, createRng(address), options));
    compared += addresses.length;
  }
});

test.each([
  ["no WebAssembly", undefined],
  ["a host that compiles nothing", { Memory: class {}, instantiate: () => Promise.reject(new Error("disallowed")) }],
])("with %s TypeScript draws the same masks", async (_, host) => {
  vi.stubGlobal("WebAssembly", host);
  const other = await createMaskGenerator();
  expect(other.implementation).toBe("typescript");
  const rng = createRng({ seed: 80, stream: 1 });
  const variants: BlockwiseOptions[] = [
    { count: 40 },
    { count: 40, variant: "exact" },
    { ratio: 0.4, variant: "paper" },
  ];
  const lists: BatchAddress[] = [
    { seed: 2 ** 52 + 7, stream: 4, epoch: 3, index: 9, masks: 50 },
    drawAddresses(50, rng),
  ];
  for (const grid of [
    { rows: 9, cols: 14 },
    { rows: 24, cols: 5 },
  ]) {
    for (const address of lists) {
      expect(other.uniform(grid, { count: 30 }, address)).toEqual(generator.uniform(grid, { count: 30 }, address));
      for (const options of variants)
        expect(other.blockwise(grid, options, address)).toEqual(generator.blockwise(grid, options, address));
    }
  }
});

test("BEiT's own setting, 10,000 masks: equal", () => {
  const grid = { rows: 14, cols: 14 };
  const batch = generator.blockwise(grid, { count: 75 }, { seed: 1, stream: 4, epoch: 2, index: 5, masks: 10_000 });
  for (let i = 0; i < 10_000; i++) {
    expectEqual(batch, i, createRng({ seed: 1, stream: 4, epoch: 2, index: 5 + i }), { count: 75 });
  }
});

test("masks that would be empty are redrawn alike, the last resort included", () => {
  // About one attempt in 3000 succeeds, where 1010 are made before the smallest block is placed.
  const options: BlockwiseOptions = { count: 2, minBlock: 5000, minAspect: 1 };
  const batch = generator.blockwise({ rows: 20, cols: 30 }, options, { seed: 6, masks: 300 });
  for (let i = 0; i < 300; i++) expectEqual(batch, i, createRng({ seed: 6, index: i }), options);
  expect(batch.counts.every((count) => count > 0)).toBe(true);
  expect(batch.attempts.filter((attempts) => attempts > 20 && attempts <= 1010).length).toBeGreaterThan(20);
  expect(batch.attempts.filter((attempts) => attempts > 1010).length).toBeGreaterThan(100);
});

test("uniform masks equal those of uniformMask", () => {
  const rng = createRng({ seed: 78, stream: 1 });
  for (let round = 0; round < 60; round++) {
    const grid = drawGrid(rng);
    const count = 1 + rng.integer(grid.rows * grid.cols);
    const address = { seed: rng.uint32(), stream: 2, index: rng.integer(1000) };
    const batch = generator.uniform(grid, { count }, { ...address, masks: 50 });
    expect(batch.counts).toEqual(new Int32Array(50).fill(count));
    for (let i = 0; i < 50; i++) {
      const mask = uniformMask(grid, { count }, createRng({ ...address, index: address.index + i }));
      expect(maskOf(batch, i).cells.join("")).toBe(mask.cells.join(""));
    }
  }
});

test("a batch larger than the wasm memory is the same as its parts, up to the last index", () => {
  const grid = { rows: 64, cols: 64 };
  const options: BlockwiseOptions = { variant: "exact", count: 1600 };
  const address = { seed: 3, index: 2 ** 32 - 1200 };
  const whole = generator.blockwise(grid, options, { ...address, masks: 1200 });
  for (const i of [0, 508, 509, 510, 511, 1018, 1019, 1020, 1199]) {
    expectEqual(whole, i, createRng({ seed: 3, index: address.index + i }), options);
  }
  const uniform = generator.uniform(grid, { count: 7 }, { ...address, masks: 1200 });
  for (const i of [509, 510, 511, 1199]) {
    const mask = uniformMask(grid, { count: 7 }, createRng({ seed: 3, index: address.index + i }));
    expect(maskOf(uniform, i)).toEqual(mask);
  }
});

test("later calls leave earlier results alone", () => {
  const grid = { rows: 9, cols: 5 };
  const first = generator.uniform(grid, { count: 20 }, { seed: 1, masks: 3 });
  const copy = first.cells.slice();
  generator.blockwise(grid, { count: 20 }, { seed: 2, masks: 50 });
  expect(first.cells).toEqual(copy);
});

test("addresses, options and places out of range are refused", () => {
  const grid = { rows: 14, cols: 14 };
  const draw = (address: object) => () => generator.blockwise(grid, { count: 75 }, { seed: 1, masks: 1, ...address });
  const prefix = "[MaskGenerator.blockwise] expected";
  expect(draw({ masks: 0 })).toThrow(`${prefix} masks to be an integer in [1, 4294967296], got 0`);
  expect(draw({ index: 2 ** 32 - 1, masks: 2 })).toThrow(`${prefix} masks to be an integer in [1, 1], got 2`);
  expect(draw({ seed: 2 ** 53 })).toThrow(`${prefix} seed to be an integer in [0, 9007199254740991]`);
  expect(draw({ epoch: -1 })).toThrow(`${prefix} epoch to be an integer in [0, 4294967295], got -1`);
  const list = (addresses: readonly RngAddress[]) => () => generator.blockwise(grid, { count: 75 }, addresses);
  expect(list([])).toThrow(`${prefix} masks to be an integer in [1, 4294967295], got 0`);
  expect(list([{ seed: 1 }, { seed: 1, index: 1.5 }])).toThrow(`${prefix} index to be an integer in [0, 4294967295]`);
  const address = { seed: 1, masks: 2 };
  expect(() => generator.blockwise(grid, { count: 0 }, address)).toThrow(`${prefix} count to be an integer`);
  expect(() => generator.uniform({ rows: 0, cols: 1 }, { count: 1 }, address)).toThrow("[MaskGenerator.uniform]");
  expect(() => generator.uniform(grid, { count: 197 }, address)).toThrow("in [1, 196] on a 14x14 grid, got 197");
  const batch = generator.uniform(grid, { count: 3 }, address);
  expect(() => maskOf(batch, 2)).toThrow("[maskOf] expected an integer in [0, 1], got 2");
});
