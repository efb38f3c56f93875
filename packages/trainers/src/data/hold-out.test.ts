import { describe, expect, it } from "vitest";
import { memoryDataset, splitPerClass, withClasses, type Dataset } from "./index.ts";

/** Images of one pixel, with these labels. */
function labeled(labels: readonly number[], classes: readonly string[]): Dataset {
  return memoryDataset({
    width: 1,
    height: 1,
    channels: 1,
    data: Uint8Array.from(labels.keys()),
    labels: Uint8Array.from(labels),
    classes,
    name: (index) => `#${index}`,
  });
}

const names = (dataset: Dataset) => Array.from({ length: dataset.length }, (_, i) => dataset.name(i));
const counts = (dataset: Dataset, classes: number) => {
  const found = new Array<number>(classes).fill(0);
  for (let i = 0; i < dataset.length; i++) found[dataset.label(i) as number]++;
  return found;
};

describe("splitPerClass", () => {
  const labels = [...Array<number>(40).fill(0), ...Array<number>(20).fill(1), ...Array<number>(3).fill(2), 3];
  const dataset = labeled(labels, ["many", "some", "few", "one"]);

  it("takes the share of every class, at least one, and leaves the only one of a class", () => {
    const { train, validation } = splitPerClass(dataset, { share: 0.1, seed: 7 });
    expect(counts(validation, 4)).toEqual([4, 2, 1, 0]);
    expect(counts(train, 4)).toEqual([36, 18, 2, 1]);
    expect([...names(train), ...names(validation)].sort()).toEqual(names(dataset).sort());
    expect(counts(splitPerClass(dataset, { share: 0.9, seed: 7 }).train, 4)).toEqual([4, 2, 1, 1]);
  });

  it("takes about the share of every class where images have several, the rarest served first", () => {
    // Every fourth has the middle class, every tenth the rare one; those without any are a class of their own.
    const labelsOf = (i: number) => [
      ...(i % 2 === 0 ? [0] : []),
      ...(i % 4 === 0 ? [1] : []),
      ...(i % 10 === 0 ? [2] : []),
    ];
    const plain = memoryDataset({ width: 1, height: 1, channels: 1, data: new Uint8Array(200), name: String });
    const several: Dataset = { ...plain, classes: ["often", "middle", "rare"], labels: labelsOf };
    for (const seed of [1, 2, 3, 4, 5]) {
      const { train, validation } = splitPerClass(several, { share: 0.1, seed });
      expect(train.length + validation.length).toBe(200);
      const held = [0, 0, 0, 0];
      for (let i = 0; i < validation.length; i++)
        for (const label of validation.labels?.(i).length ? (validation.labels?.(i) ?? []) : [3]) held[label]++;
      // Of 20 with the rare class, 50 with the middle one, 100 with the one that is often there, 100 without.
      expect(held).toEqual([10, 5, 2, 10]);
      const kept = Array.from({ length: train.length }, (_, i) => train.labels?.(i) ?? []).flat();
      expect(new Set(kept)).toEqual(new Set([0, 1, 2]));
    }
  });

  it("is drawn by the seed, in the order of the images", () => {
    const drawn = (seed: number) => names(splitPerClass(dataset, { share: 0.5, seed }).validation);
    expect(drawn(7)).toEqual(drawn(7));
    expect(drawn(7)).not.toEqual(drawn(8));
    const places = drawn(7).map((name) => Number(name.slice(1)));
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it("takes the share of all where there are no labels", () => {
    const plain = memoryDataset({ width: 1, height: 1, channels: 1, data: new Uint8Array(20), name: String });
    const { train, validation } = splitPerClass(plain, { share: 0.25, seed: 1 });
    expect([train.length, validation.length]).toEqual([15, 5]);
  });

  it("refuses shares that are none, and images of which none can be spared", () => {
    for (const share of [0, 1, NaN])
      expect(() => splitPerClass(dataset, { share, seed: 1 })).toThrow(`expected a share in (0, 1), got ${share}`);
    expect(() => splitPerClass(labeled([0, 1], ["a", "b"]), { share: 0.5, seed: 1 })).toThrow(
      "[splitPerClass] expected a class of at least 2 images, got 2 in all",
    );
  });
});

describe("withClasses", () => {
  it("gives labels by name, and leaves a dataset of the same classes as it is", async () => {
    const dataset = labeled([0, 1, 1], ["cat", "fish"]);
    const other = withClasses(dataset, ["bird", "cat", "dog", "fish"]);
    expect(counts(other, 4)).toEqual([0, 1, 0, 2]);
    expect(other.classes).toEqual(["bird", "cat", "dog", "fish"]);
    expect((await other.get(2)).label).toBe(3);
    expect(withClasses(dataset, ["cat", "fish"])).toBe(dataset);
  });

  it("refuses classes that are not among them, and images without", () => {
    const dataset = labeled([0, 1], ["cat", "lion"]);
    expect(() => withClasses(dataset, ["bird", "cat"])).toThrow(
      "[withClasses] expected classes among bird, cat, got lion",
    );
    const plain = memoryDataset({ width: 1, height: 1, channels: 1, data: new Uint8Array(2), name: String });
    expect(() => withClasses(plain, ["bird", "cat"])).toThrow("expected images with classes, but they have no labels");
  });
});
