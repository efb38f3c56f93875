// Images held out of training, and labels of one dataset in the words of another.
import { createRng, permutation, streams } from "@beitjs/tensor-core/random";
import { labelsAt, subset, type Dataset } from "./dataset.ts";

/**
 * Sets a share of the examples of every class aside, drawn by the seed; of a dataset without labels a share of all. Both parts keep the
 * dataset's order. A class gives at least one example and keeps at least one; the only one of a class stays in training. Where examples
 * have several labels this holds as far as classes that come together allow, the rarest being served first.
 *
 * @throws RangeError for a share that is not in (0, 1), or where nothing could be set aside
 */
export function splitPerClass(
  dataset: Dataset,
  { share, seed }: { readonly share: number; readonly seed: number },
): { readonly train: Dataset; readonly validation: Dataset } {
  if (!(share > 0 && share < 1)) throw new RangeError(`[splitPerClass] expected a share in (0, 1), got ${share}`);
  const out = drawOut(dataset, share, permutation(dataset.length, createRng({ seed, stream: streams.split })));
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

// Class after class, the rarest first (iterative stratification: Sechidis, Tsoumakas & Vlahavas 2011): what an example of several
// labels was set aside for, or kept for, counts for its other classes too.
function drawOut(dataset: Dataset, share: number, drawn: Uint32Array): ReadonlySet<number> {
  const byClass = new Map<number | undefined, number[]>();
  for (const index of drawn) {
    const labels = labelsAt(dataset, index);
    for (const label of labels.length > 0 ? labels : [undefined]) {
      const known = byClass.get(label);
      if (known) known.push(index);
      else byClass.set(label, [index]);
    }
  }
  const [out, settled] = [new Set<number>(), new Set<number>()];
  for (const indices of [...byClass.values()].sort((a, b) => a.length - b.length)) {
    const count = Math.min(Math.max(1, Math.round(share * indices.length)), indices.length - 1);
    const left = indices.filter((index) => !settled.has(index));
    const already = indices.filter((index) => out.has(index)).length;
    for (const index of left.slice(0, Math.max(0, count - already))) out.add(index);
    for (const index of left) settled.add(index);
  }
  return out;
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
