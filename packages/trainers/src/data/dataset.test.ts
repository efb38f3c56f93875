import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryDataset, order, requireLabels, requireSameClasses, split, subset, takePerClass } from "./index.ts";
import type { Dataset } from "./index.ts";

// Images of one pixel whose value is their index; labels go round.
function numbered(length: number, classCount: number): Dataset {
  return memoryDataset({
    width: 1,
    height: 1,
    channels: 1,
    data: Uint8Array.from({ length }, (_, i) => i),
    labels: Uint8Array.from({ length }, (_, i) => i % classCount),
    classes: Array.from({ length: classCount }, (_, i) => `class ${i}`),
    name: (index) => `#${index}`,
  });
}

const names = (dataset: Dataset) => Array.from({ length: dataset.length }, (_, i) => dataset.name(i));
const unlabelled = memoryDataset({ width: 1, height: 1, channels: 1, data: new Uint8Array(4), name: (i) => `#${i}` });

describe("memoryDataset", () => {
  it("gives image, label and name by index", async () => {
    const data = Uint8Array.from({ length: 24 }, (_, i) => i);
    const options = {
      width: 2,
      height: 2,
      channels: 3,
      data,
      classes: ["a", "b"],
      name: (i: number) => `file#${i}`,
    } as const;
    const dataset = memoryDataset({ ...options, labels: Uint8Array.of(1, 0) });
    expect(dataset.length).toBe(2);
    expect(await dataset.get(1)).toEqual({
      image: { width: 2, height: 2, channels: 3, data: data.slice(12) },
      label: 0,
      name: "file#1",
    });
    expect(dataset.label(0)).toBe(1);
    await expect(dataset.get(2)).rejects.toThrow("expected an index from 0 to 1, got 2");
  });

  it("has no label and no classes without labels", async () => {
    expect("classes" in unlabelled).toBe(false);
    expect(unlabelled.label(0)).toBeUndefined();
    expect("label" in (await unlabelled.get(0))).toBe(false);
  });

  it("refuses sizes and labels that do not fit", () => {
    const base = {
      width: 2,
      height: 1,
      channels: 1,
      data: new Uint8Array(4),
      name: (i: number) => `file#${i}`,
    } as const;
    expect(() => memoryDataset({ ...base, width: 3 })).toThrow("images of 3 bytes, got 4 bytes in all");
    expect(() => memoryDataset({ ...base, data: new Uint8Array(0) })).toThrow("got 0 bytes in all");
    expect(() => memoryDataset({ ...base, labels: Uint8Array.of(0, 1) })).toThrow("labels and classes together");
    expect(() => memoryDataset({ ...base, labels: Uint8Array.of(0), classes: ["a"] })).toThrow(
      "2 labels for 2 images, got 1",
    );
    expect(() => memoryDataset({ ...base, labels: Uint8Array.of(0, 1), classes: ["a"] })).toThrow(
      "below 1, got 1 for file#1",
    );
  });
});

describe("order", () => {
  it("is a permutation that depends on seed and epoch alone", () => {
    const first = order(50, { seed: 3, epoch: 2 });
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(order(50, { seed: 3, epoch: 2 })).toEqual(first);
    expect(order(50, { seed: 3, epoch: 3 })).not.toEqual(first);
    expect(order(50, { seed: 4, epoch: 2 })).not.toEqual(first);
  });
});

describe("choices", () => {
  it("subset keeps order, labels and classes", async () => {
    const part = subset(numbered(10, 5), [7, 2]);
    expect(names(part)).toEqual(["#7", "#2"]);
    expect([part.label(0), part.label(1)]).toEqual([2, 2]);
    expect((await part.get(1)).image.data[0]).toBe(2);
    expect(part.classes).toHaveLength(5);
    expect("classes" in subset(unlabelled, [0])).toBe(false);
    expect(() => subset(unlabelled, [4])).toThrow("[subset] expected an index from 0 to 3, got 4");
    await expect(part.get(2)).rejects.toThrow("[subset] expected an index from 0 to 1, got 2");
  });

  it("takePerClass is balanced, repeatable, in order, and grows by adding", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(), (perClass, seed) => {
        const dataset = numbered(100, 10);
        const chosen = takePerClass(dataset, perClass, seed);
        const counts = new Array<number>(10).fill(0);
        for (let i = 0; i < chosen.length; i++) counts[chosen.label(i) as number]++;
        expect(counts).toEqual(new Array(10).fill(perClass));
        expect(names(takePerClass(dataset, perClass, seed))).toEqual(names(chosen));
        const indices = names(chosen).map((name) => Number(name.slice(1)));
        expect(indices).toEqual([...indices].sort((a, b) => a - b));
        expect(names(takePerClass(dataset, perClass + 1, seed))).toEqual(expect.arrayContaining(names(chosen)));
      }),
    );
    expect(names(takePerClass(numbered(100, 10), 3, 1))).not.toEqual(names(takePerClass(numbered(100, 10), 3, 2)));
  });

  it("takePerClass says which class is short", () => {
    expect(() => takePerClass(numbered(11, 5), 3, 0)).toThrow('at least 3 examples a class, got 2 in class "class 1"');
    expect(() => takePerClass(numbered(10, 5), 0, 0)).toThrow("at least 1 example a class, got 0");
    expect(() => takePerClass(unlabelled, 1, 0)).toThrow("without labels");
  });

  it("split divides without overlap", () => {
    const { train, validation } = split(numbered(20, 2), { validation: 5, seed: 1 });
    expect([train.length, validation.length]).toEqual([15, 5]);
    expect(new Set([...names(train), ...names(validation)]).size).toBe(20);
    expect(names(train)).toEqual(names(numbered(20, 2)).filter((name) => !names(validation).includes(name)));
    expect(names(split(numbered(20, 2), { validation: 5, seed: 2 }).validation)).not.toEqual(names(validation));
    expect(() => split(numbered(5, 2), { validation: 5, seed: 1 })).toThrow("1 to 4 validation examples, got 5");
    expect(() => split(numbered(5, 2), { validation: 0, seed: 1 })).toThrow("got 0");
  });
});

describe("requireLabels", () => {
  it("returns classes, or says what is missing", () => {
    expect(requireLabels(numbered(4, 2))).toEqual(["class 0", "class 1"]);
    expect(() => requireLabels(unlabelled)).toThrow(
      "[requireLabels] expected a dataset with classes, got one without labels",
    );
    expect(() => requireLabels(numbered(4, 1))).toThrow("at least 2 classes, got 1: class 0");
    const broken = { ...numbered(4, 2), label: (index: number) => (index === 3 ? undefined : 0) };
    expect(() => requireLabels(broken)).toThrow("a label below 2, got undefined for #3");
  });

  it("requireSameClasses names the first difference", () => {
    const three = { ...numbered(4, 2), classes: ["class 0", "class 1", "class 2"] };
    expect(() => requireSameClasses(numbered(4, 2), numbered(6, 2))).not.toThrow();
    expect(() => requireSameClasses(numbered(4, 2), three)).toThrow('class 2 is "missing" and "class 2"');
    expect(() => requireSameClasses({ ...three, classes: ["class 0", "x"] }, numbered(4, 2))).toThrow(
      'class 1 is "x" and "class 1"',
    );
  });
});
