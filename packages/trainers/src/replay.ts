// A step that went wrong, once more: the images of its batch as a data set of their own, and the step with every tensor looked at.
import { disposeTree, type Backend } from "@beitjs/tensor-core";
import { epochOrder } from "./data/batches.ts";
import { positionAt, stepsPerEpoch, type Dataset, type Example } from "./data/index.ts";
import type { Recipe } from "./recipes/recipe.ts";
import type { StepReport } from "./run.ts";
import { createTensorLog, type TensorFacts } from "./tensor-log.ts";
import { NonFiniteError } from "./update.ts";

/** The images of a batch, by their places in the data set they are of. */
export type StoredBatch = {
  readonly length: number;
  readonly classes?: readonly string[];
  /** Of all images of the data set, where it has classes: weights of classes and balanced sampling are made of them. */
  readonly labels?: readonly (number | readonly number[] | null)[];
  readonly examples: readonly (Example & { readonly index: number })[];
};

/** Reads the images of the step after `step` updates. */
export async function batchAt(recipe: Recipe, images: Dataset, step: number): Promise<StoredBatch> {
  const { batchSize, seed } = recipe;
  const { epoch, step: at } = positionAt(step, stepsPerEpoch(images, { batchSize }));
  const sampling = recipe.stage === "fine-tune" ? recipe.sampling : "uniform";
  const { length, classes } = images;
  const order = epochOrder(images, { batchSize, seed, sampling }, epoch);
  const addresses = Array.from(order.subarray(at * batchSize, (at + 1) * batchSize));
  const examples: (Example & { index: number })[] = [];
  // Balanced sampling may give an image more than once.
  for (const index of new Set(addresses.map((address) => address % length)))
    examples.push({ ...(await images.get(index)), index });
  const labels = Array.from({ length }, (_, index) => images.labels?.(index) ?? images.label(index) ?? null);
  return { length, ...(classes && { classes, labels }), examples };
}

/** A data set that has the images of a batch where they were, and no others. */
export function batchImages({ length, classes, labels = [], examples }: StoredBatch): Dataset {
  const byIndex = new Map(examples.map((example) => [example.index, example]));
  const find = (index: number): Example => {
    const example = byIndex.get(index);
    if (!example) throw new RangeError(`[batchImages] expected an image of the batch, got ${index}`);
    return example;
  };
  return {
    length,
    ...(classes && { classes }),
    get: async (index) => find(index),
    label: (index) => oneOf(labels[index]),
    ...(labels.some((one) => one instanceof Array) && { labels: (index: number) => severalOf(labels[index]) }),
    name: (index) => byIndex.get(index)?.name ?? `#${index}`,
  };
}

type Label = number | readonly number[] | null | undefined;

function oneOf(label: Label): number | undefined {
  return typeof label === "number" ? label : undefined;
}

function severalOf(label: Label): readonly number[] {
  return label instanceof Array ? label : [];
}

export type Replayed = {
  /** What the step threw; undefined where it went well this time. */
  readonly error: NonFiniteError | undefined;
  /** Of the last attempt of each micro-batch, in the order of computing. */
  readonly tensors: readonly TensorFacts[];
};

/**
 * Makes one step of a loop and looks at every tensor on the way.
 *
 * @throws what the step throws, but for a loss or gradient that is not finite
 */
export async function replayStep(
  steps: AsyncGenerator<StepReport<unknown>, void, void>,
  { backend, recipe }: { readonly backend: Backend; readonly recipe: Pick<Recipe, "microBatches"> },
): Promise<Replayed> {
  const log = createTensorLog(backend);
  let error: NonFiniteError | undefined;
  let failed = true;
  try {
    const { value: report } = await steps.next();
    await steps.return();
    if (report) disposeTree(report.state.trees.map(({ tree }) => tree));
    failed = false;
  } catch (thrown) {
    if (!(thrown instanceof NonFiniteError)) throw thrown;
    error = thrown;
    failed = false;
  } finally {
    if (failed) void log.end();
  }
  const all = await log.end();
  const passes = Math.max(-1, ...all.map(({ number }) => number)) + 1;
  return { error, tensors: all.filter(({ number }) => number >= passes - recipe.microBatches) };
}

/** Where it began: the first tensor with values that are not finite. */
export function firstNonFinite(tensors: readonly TensorFacts[]): number {
  return tensors.findIndex(({ nan, infinite }) => nan + infinite > 0);
}
