// Images held out of training, and labels of one dataset in the words of another.
import { createRng, permutation, streams } from "@beitjs/tensor-core/random";
import { labelsAt, subset, type Dataset } from "./dataset.ts";

/**
 * Sets a share of the examples of every class aside, drawn by the seed; of a dataset without labels a share of all. Both parts keep the
 * dataset's order. A class gives at least one example and keeps at least one; the only one of a class stays in training.
 *
 * @throws RangeError for a share that is not in (0, 1), or where nothing could be set aside
 */
export function splitPerClass(
  dataset: Dataset,
  { share, seed }: { readonly share: number; readonly seed: number },
): { readonly train: Dataset; readonly validation: Dataset } {
  if (!(share > 0 && share < 1)) throw new RangeError(`[splitPerClass] expected a share in (0, 1), got ${share}`);
  const byClass = new Map<number | undefined, number[]>();
  for (const index of permutation(dataset.length, createRng({ seed, stream: streams.split }))) {
    const label = dataset.label(index);
    const known = byClass.get(label);
    if (known) known.push(index);
    else byClass.set(label, [index]);
  }
  const out = new Set<number>();
  for (const indices of byClass.values()) {
    const count = Math.min(Math.max(1, Math.round(share * indices.length)), indices.length - 1);
    for (const index of indices.slice(0, count)) out.add(index);
  }
  if (out.size === 0) {
    throw new RangeError(`[splitPerClass] expected a class of at least 2 images, got ${dataset.length} in all`);
  }
  const all = Array.from({ length: dataset.length }, (_, index) => index);
  return {
    train: subset(
      dataset,
      all.filter((index) => !out.has(index)),
    ),
    validation: subset(
      dataset,
      all.filter((index) => out.has(index)),
    ),
  };
}

/**
 * The same examples with labels of these classes, matched by name: a part of a data set may lack some of them.
 *
 * @throws RangeError for a class that is not among them
 */
export function withClasses(dataset: Dataset, classes: readonly string[]): Dataset {
  const { classes: own, unlabeled = "they have no labels" } = dataset;
  if (!own) throw new RangeError(`[withClasses] expected images with classes, but ${unlabeled}`);
  const unknown = own.filter((name) => !classes.includes(name));
  if (unknown.length > 0) {
    const known = classes.slice(0, 10).join(", ");
    throw new RangeError(`[withClasses] expected classes among ${known}, got ${unknown.slice(0, 10).join(", ")}`);
  }
  const labels = own.map((name) => classes.indexOf(name));
  if (labels.length === classes.length && labels.every((label, i) => label === i)) return dataset;
  const relabeled = (label: number | undefined) => labels[label as number];
  return {
    ...dataset,
    classes,
    label: (index) => relabeled(dataset.label(index)),
    ...(dataset.labels && { labels: (index: number) => labelsAt(dataset, index).map(relabeled) }),
    get: async (index) => {
      const { labels: several, ...example } = await dataset.get(index);
      return several ? { ...example, labels: several.map(relabeled) } : { ...example, label: relabeled(example.label) };
    },
  };
}
