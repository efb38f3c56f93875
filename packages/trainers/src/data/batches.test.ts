import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batches, memoryDataset, order, positionAt, stepsPerEpoch } from "./index.ts";
import type { Batch, BatchOptions, Dataset } from "./index.ts";

const numbers = (length: number) =>
  memoryDataset({
    width: 1,
    height: 1,
    channels: 1,
    data: Uint8Array.from({ length }, (_, i) => i),
    name: (i) => `#${i}`,
  });

async function collect(dataset: Dataset, options: BatchOptions, count = Infinity): Promise<Batch<number>[]> {
  const found: Batch<number>[] = [];
  if (count === 0) return found;
  for await (const batch of batches(dataset, ({ image }) => image.data[0], options)) {
    found.push(batch);
    if (found.length === count) break;
  }
  return found;
}

describe("batches", () => {
  it("visits every epoch in its own order and drops the rest", async () => {
    const found = await collect(numbers(10), { batchSize: 3, seed: 7, epochs: 2 });
    expect(found.map(({ epoch, step }) => [epoch, step])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
    for (const epoch of [0, 1]) {
      const seen = found.filter((batch) => batch.epoch === epoch).flatMap(({ indices }) => indices);
      expect(seen).toEqual([...order(10, { seed: 7, epoch }).subarray(0, 9)]);
    }
    for (const { items, indices } of found) expect(items).toEqual(indices);
    expect(found.map(({ next }) => next)).toEqual([
      ...found.slice(1).map(({ epoch, step }) => ({ epoch, step })),
      { epoch: 2, step: 0 },
    ]);
  });

  it("goes on from any position as if it had never stopped", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 5, max: 23 }),
        fc.nat(30),
        async (batchSize, length, stop) => {
          const options = { batchSize, seed: 1, epochs: 4 };
          const whole = await collect(numbers(length), options);
          const cut = Math.min(stop, whole.length - 1);
          const first = await collect(numbers(length), options, cut);
          const start = first.at(-1)?.next ?? { epoch: 0, step: 0 };
          const rest = await collect(numbers(length), { ...options, start });
          expect([...first, ...rest]).toEqual(whole);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("takes a start at the end of an epoch for the next one's beginning", async () => {
    const [batch] = await collect(numbers(6), { batchSize: 3, seed: 1, start: { epoch: 0, step: 2 } }, 1);
    expect([batch.epoch, batch.step]).toEqual([1, 0]);
    expect(await collect(numbers(6), { batchSize: 3, seed: 1, epochs: 1, start: { epoch: 1, step: 0 } })).toEqual([]);
  });

  it("can keep the order and the last, smaller batch", async () => {
    const found = await collect(numbers(7), { batchSize: 3, seed: 1, epochs: 1, shuffle: false, dropLast: false });
    expect(found.map(({ items }) => items)).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
  });

  const waited = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

  it("reads one batch ahead once the caller waits, and no further", async () => {
    const read: number[] = [];
    const source = numbers(12);
    const dataset: Dataset = { ...source, get: (index) => (read.push(index), source.get(index)) };
    const iterator = batches(dataset, ({ name }) => name, { batchSize: 2, seed: 1, shuffle: false });
    expect(read).toHaveLength(0);
    await iterator.next();
    expect(read).toEqual([0, 1]);
    await waited();
    expect(read).toEqual([0, 1, 2, 3]);
    await iterator.next();
    await waited();
    expect(read).toEqual([0, 1, 2, 3, 4, 5]);
    await iterator.next();
    await iterator.return();
    await waited();
    expect(read).toHaveLength(6);
  });

  it("passes epoch and index to prepare", async () => {
    const seen: string[] = [];
    const prepare = (_: unknown, { epoch, index }: { epoch: number; index: number }) => seen.push(`${epoch}:${index}`);
    for await (const _ of batches(numbers(2), prepare, { batchSize: 2, seed: 1, epochs: 2, shuffle: false }));
    expect(seen).toEqual(["0:0", "0:1", "1:0", "1:1"]);
  });

  it("fails on the batch that cannot be read, after those before it", async () => {
    const source = numbers(6);
    const get: Dataset["get"] = async (index) => {
      if (index === 4) throw new Error("photos/cat.jpg: damaged");
      return source.get(index);
    };
    const iterator = batches({ ...source, get }, ({ name }) => name, { batchSize: 2, seed: 1, shuffle: false });
    await iterator.next();
    expect((await iterator.next()).done).toBe(false); // the bad batch is being read by now
    await expect(iterator.next()).rejects.toThrow("photos/cat.jpg: damaged");
  });

  it("leaves no unhandled rejection when abandoned over a bad batch", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", note);
    const source = numbers(4);
    const get: Dataset["get"] = (index) => (index < 2 ? source.get(index) : Promise.reject(new Error("bad")));
    const iterator = batches({ ...source, get }, ({ name }) => name, { batchSize: 2, seed: 1, shuffle: false });
    await iterator.next();
    await iterator.return();
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });

  it("stops when told to", async () => {
    const controller = new AbortController();
    const iterator = batches(numbers(8), ({ name }) => name, { batchSize: 2, seed: 1, signal: controller.signal });
    await iterator.next();
    controller.abort(new Error("stopped by the user"));
    await expect(iterator.next().then(() => iterator.next())).rejects.toThrow("stopped by the user");
  });

  it("says when nothing would be trained on", async () => {
    await expect(collect(numbers(3), { batchSize: 4, seed: 1 })).rejects.toThrow(
      "expected at least 4 images to fill a batch, got 3",
    );
    expect(await collect(numbers(3), { batchSize: 4, seed: 1, epochs: 1, dropLast: false })).toHaveLength(1);
    await expect(collect(numbers(3), { batchSize: 0, seed: 1 })).rejects.toThrow("a batch size of at least 1, got 0");
    await expect(collect(numbers(4), { batchSize: 2, seed: 1, start: { epoch: 0, step: 3 } })).rejects.toThrow(
      "a step from 0 to 2 of an epoch, got epoch 0, step 3",
    );
    expect(stepsPerEpoch({ length: 10 }, { batchSize: 3 })).toBe(3);
    expect(positionAt(7, 3)).toEqual({ epoch: 2, step: 1 });
  });
});
