import { describe, expect, it } from "vitest";
import { batches } from "./batches.ts";
import type { Dataset } from "./dataset.ts";
import { memoryDataset } from "./memory.ts";
import { balancedOrder, repeatedOrder } from "./sampling.ts";

/** Classes of 12, 3 and 1 images, and one of none. */
const uneven = memoryDataset({
  width: 1,
  height: 1,
  channels: 1,
  data: new Uint8Array(16),
  labels: Uint8Array.from([0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 1]),
  classes: ["many", "few", "one", "none"],
  name: (index) => `#${index}`,
});
const countsOf = (order: Uint32Array) => {
  const counts = [0, 0, 0];
  for (const address of order) counts[uneven.label(address % 16) as number]++;
  return counts;
};

describe("balancedOrder", () => {
  it("has every class equally often, the remainder drawn anew every epoch", () => {
    const orders = Array.from({ length: 30 }, (_, epoch) => balancedOrder(uneven, { seed: 7, epoch }));
    for (const order of orders) expect(countsOf(order).sort()).toEqual([5, 5, 6]);
    const favored = orders.map((order) => countsOf(order).indexOf(6));
    expect(new Set(favored)).toEqual(new Set([0, 1, 2]));
  });

  it("goes through a class before it repeats, and over epochs through all", () => {
    const seen = new Set<number>();
    for (let epoch = 0; epoch < 12; epoch++) {
      const places = Array.from(balancedOrder(uneven, { seed: 7, epoch }), (address) => address % 16);
      const many = places.filter((place) => uneven.label(place) === 0);
      expect(new Set(many).size).toBe(many.length);
      for (const place of many) seen.add(place);
      const few = places.filter((place) => uneven.label(place) === 1);
      expect(new Set(few).size).toBe(3);
    }
    expect(seen.size).toBe(12);
  });

  it("gives every time an image comes an address of its own, the first its index", () => {
    const order = balancedOrder(uneven, { seed: 1, epoch: 0 });
    expect(new Set(order).size).toBe(16);
    const ofOne = Array.from(order).filter((address) => address % 16 === 8);
    expect(ofOne).toEqual(Array.from(ofOne.keys(), (times) => 8 + 16 * times));
  });

  it("depends on seed and epoch alone", () => {
    expect(balancedOrder(uneven, { seed: 1, epoch: 2 })).toEqual(balancedOrder(uneven, { seed: 1, epoch: 2 }));
    expect(balancedOrder(uneven, { seed: 1, epoch: 2 })).not.toEqual(balancedOrder(uneven, { seed: 2, epoch: 2 }));
    expect(balancedOrder(uneven, { seed: 1, epoch: 2 })).not.toEqual(balancedOrder(uneven, { seed: 1, epoch: 3 }));
  });

  it("counts an image of several classes for each, and those without any as a class", () => {
    const labels = [[0, 1], [0], [], [0], [0], [0]];
    const several: Dataset = {
      length: 6,
      classes: ["a", "b"],
      get: async (index) => ({ image: (await uneven.get(0)).image, name: `${index}` }),
      label: () => undefined,
      labels: (index) => labels[index],
      name: (index) => `${index}`,
    };
    const places = Array.from(balancedOrder(several, { seed: 3, epoch: 0 }), (address) => address % 6);
    expect(places.filter((place) => place === 2)).toHaveLength(2);
    expect(places.filter((place) => place === 0).length).toBeGreaterThanOrEqual(2);
  });
});

describe("repeatedOrder", () => {
  it("has the first third three times in a row, each time at an address of its own", () => {
    const order = Uint32Array.from([4, 2, 7, 0, 6, 1, 3, 5]);
    expect([...repeatedOrder(order, 3)]).toEqual([4, 12, 20, 2, 10, 18, 7, 15]);
    expect(repeatedOrder(order, 1)).toEqual(order);
  });

  it("is that of an epoch on request, whose views differ", async () => {
    const prepare = (_: unknown, { index }: { index: number }): number => index;
    const options = { batchSize: 8, seed: 3, epochs: 1 };
    const seen = { repeated: [] as number[], plain: [] as number[], indices: [] as number[] };
    for await (const { items, indices } of batches(uneven, prepare, { ...options, repeats: 3 })) {
      seen.repeated.push(...items);
      seen.indices.push(...indices);
    }
    for await (const { items } of batches(uneven, prepare, options)) seen.plain.push(...items);
    expect(seen.repeated).toEqual([...repeatedOrder(Uint32Array.from(seen.plain), 3)]);
    expect(new Set(seen.repeated).size).toBe(16);
    expect(seen.indices).toEqual(seen.repeated.map((address) => address % 16));
  });
});

describe("batches, balanced", () => {
  const run = async (start: { epoch: number; step: number }) => {
    const taken: { readonly at: string; readonly indices: readonly number[]; readonly addresses: readonly number[] }[] =
      [];
    const options = { batchSize: 5, seed: 4, start, epochs: 2, sampling: "balanced" } as const;
    for await (const { epoch, step, indices, items } of batches(uneven, (_, { index }) => index, options))
      taken.push({ at: `${epoch}.${step}`, indices, addresses: items });
    return taken;
  };

  it("start anywhere with the very batch that came there", async () => {
    const whole = await run({ epoch: 0, step: 0 });
    expect(whole.map(({ at }) => at)).toEqual(["0.0", "0.1", "0.2", "1.0", "1.1", "1.2"]);
    expect(await run({ epoch: 0, step: 2 })).toEqual(whole.slice(2));
    for (const { indices, addresses } of whole) expect(indices).toEqual(addresses.map((address) => address % 16));
    expect(whole.some(({ addresses }) => addresses.some((address) => address >= 16))).toBe(true);
  });
});
