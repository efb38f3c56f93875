// What a training loop needs from a collection of images, and ways to choose a part of one. Everything is addressed by
// index, so a resumed run can seek, and every choice is made from a seed.
import type { Image } from "@beitjs/tensor-core/image";
import { createRng, permutation, streams } from "@beitjs/tensor-core/random";

/** One image with its class, or its classes, where it has them. `name` says where it came from. */
export type Example = {
  readonly image: Image;
  readonly label?: number;
  readonly labels?: readonly number[];
  readonly name: string;
};

/** A seekable collection of images. `classes` is there when every example has a label, or may have several. */
export interface Dataset {
  readonly length: number;
  /** Class names; labels are indices into them. */
  readonly classes?: readonly string[];
  /** Why there are no classes, where one might expect some. */
  readonly unlabeled?: string;
  /** Reads one example. Rejects with the file and the reason when it cannot. */
  get(index: number): Promise<Example>;
  /** The label without reading the image. */
  label(index: number): number | undefined;
  /** All labels, where an example may have any number of them; `label` says none then. */
  labels?(index: number): readonly number[];
  name(index: number): string;
}

/** The order of one epoch: a permutation of 0..length-1 that depends on seed and epoch only. */
export function order(length: number, { seed, epoch }: { seed: number; epoch: number }): Uint32Array {
  return permutation(length, createRng({ seed, stream: streams.shuffle, epoch }));
}

/**
 * The examples at `indices`, in that order. Classes stay as they were, also those left without an example.
 * @throws RangeError for an index that the dataset does not have.
 */
export function subset(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const kept = Array.from(indices);
  for (const index of kept) checkIndex("subset", dataset, index);
  return {
    length: kept.length,
    ...(dataset.classes && { classes: dataset.classes }),
    ...(dataset.unlabeled !== undefined && { unlabeled: dataset.unlabeled }),
    get: async (index) => dataset.get(at("subset", kept, index)),
    label: (index) => dataset.label(at("subset", kept, index)),
    ...(dataset.labels && { labels: (index: number) => labelsAt(dataset, at("subset", kept, index)) }),
    name: (index) => dataset.name(at("subset", kept, index)),
  };
}

/**
 * `perClass` random examples of every class, in the dataset's own order: the few-label setting. With the same seed a smaller
 * choice is part of a larger one.
 * @throws RangeError when a class has fewer examples, or the dataset has no labels.
 */
export function takePerClass(dataset: Dataset, perClass: number, seed: number): Dataset {
  return subset(dataset, drawPerClass(dataset, perClass, seed));
}

/** The indices of the same examples. */
export function drawPerClass(dataset: Dataset, perClass: number, seed: number): readonly number[] {
  const classes = requireLabels(dataset);
  if (!Number.isInteger(perClass) || perClass < 1) {
    throw new RangeError(`[takePerClass] expected at least 1 example a class, got ${perClass}`);
  }
  const counts = new Array<number>(classes.length).fill(0);
  const chosen: number[] = [];
  for (const index of permutation(dataset.length, createRng({ seed, stream: streams.split }))) {
    const label = dataset.label(index) as number;
    if (counts[label] < perClass) chosen.push(index);
    counts[label]++;
  }
  const short = classes.findIndex((_, label) => counts[label] < perClass);
  if (short >= 0) {
    const has = `${counts[short]} in class "${classes[short]}"`;
    throw new RangeError(`[takePerClass] expected at least ${perClass} examples a class, got ${has}`);
  }
  return chosen.sort((a, b) => a - b);
}

/**
 * Sets `validation` random examples aside; both parts keep the dataset's order.
 * @throws RangeError unless both parts get at least one example.
 */
export function split(
  dataset: Dataset,
  { validation, seed }: { validation: number; seed: number },
): { readonly train: Dataset; readonly validation: Dataset } {
  if (!Number.isInteger(validation) || validation < 1 || validation >= dataset.length) {
    throw new RangeError(`[split] expected 1 to ${dataset.length - 1} validation examples, got ${validation}`);
  }
  const shuffled = permutation(dataset.length, createRng({ seed, stream: streams.split }));
  return {
    train: subset(dataset, shuffled.slice(validation).sort()),
    validation: subset(dataset, shuffled.slice(0, validation).sort()),
  };
}

/** The labels of an example, however many a dataset has for each. */
export function labelsAt(dataset: Dataset, index: number): readonly number[] {
  if (dataset.labels) return dataset.labels(index);
  const label = dataset.label(index);
  return label === undefined ? [] : [label];
}

/**
 * The classes of a dataset that is to be learnt with labels: one an example, or `multi` for any number.
 * @throws RangeError when there are none, only one of one an example, or an example's label is missing or beyond them.
 */
export function requireLabels(dataset: Dataset, kind: "single" | "multi" = "single"): readonly string[] {
  const { classes, unlabeled } = dataset;
  if (!classes) {
    const why = unlabeled === undefined ? "" : `: ${unlabeled}`;
    throw new RangeError(`[requireLabels] expected a dataset with classes, got one without labels${why}`);
  }
  // A single yes or no can be learned, the choice among one class cannot.
  const fewest = kind === "multi" ? 1 : 2;
  if (classes.length < fewest) {
    throw new RangeError(
      `[requireLabels] expected at least ${fewest} classes, got ${classes.length}: ${classes.join(", ")}`,
    );
  }
  if (kind === "single" && dataset.labels) {
    throw new RangeError(
      "[requireLabels] expected one label an image, got a dataset of several; learn them by a recipe of labels: multi (--set labels=multi)",
    );
  }
  for (let index = 0; index < dataset.length; index++) {
    if (dataset.labels) {
      const beyond = dataset.labels(index).find((label) => !(label >= 0 && label < classes.length));
      if (beyond === undefined) continue;
      const where = `${beyond} for ${dataset.name(index)}`;
      throw new RangeError(`[requireLabels] expected labels below ${classes.length}, got ${where}`);
    }
    const label = dataset.label(index);
    if (label === undefined || !(label >= 0 && label < classes.length)) {
      const where = `${label} for ${dataset.name(index)}`;
      throw new RangeError(`[requireLabels] expected a label below ${classes.length}, got ${where}`);
    }
  }
  return classes;
}

/**
 * Checks that labels mean the same in both datasets.
 * @throws RangeError naming the first class that differs.
 */
export function requireSameClasses(train: Dataset, test: Dataset): void {
  const [expected, got] = [requireLabels(train), requireLabels(test)];
  const length = Math.max(expected.length, got.length);
  for (let label = 0; label < length; label++) {
    if (expected[label] === got[label]) continue;
    const difference = `class ${label} is "${expected[label] ?? "missing"}" and "${got[label] ?? "missing"}"`;
    throw new RangeError(`[requireSameClasses] expected the same classes for training and test, but ${difference}`);
  }
}

/** Throws a RangeError unless `index` is one of the dataset's. */
export function checkIndex(caller: string, { length }: { readonly length: number }, index: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= length) {
    throw new RangeError(`[${caller}] expected an index from 0 to ${length - 1}, got ${index}`);
  }
}

function at(caller: string, values: readonly number[], index: number): number {
  checkIndex(caller, values, index);
  return values[index];
}
