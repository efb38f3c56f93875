// A step that went wrong, once more: the images of its batch as a data set of their own, and the step with every tensor looked at.
import { disposeTree, type Backend } from "@beitjs/tensor-core";
import { order, positionAt, stepsPerEpoch, type Dataset, type Example } from "./data/index.ts";
import type { Recipe } from "./recipes/recipe.ts";
import type { StepReport } from "./run.ts";
import { createTensorLog, type TensorFacts } from "./tensor-log.ts";
import { NonFiniteError } from "./update.ts";

/** The images of a batch, by their places in the data set they are of. */
export type StoredBatch = {
  readonly length: number;
  readonly classes?: readonly string[];
  readonly examples: readonly (Example & { readonly index: number })[];
};

/** Reads the images of the step after `step` updates. */
export async function batchAt(
  { batchSize, seed }: Pick<Recipe, "batchSize" | "seed">,
  images: Dataset,
  step: number,
): Promise<StoredBatch> {
  const { epoch, step: at } = positionAt(step, stepsPerEpoch(images, { batchSize }));
  const indices = order(images.length, { seed, epoch }).subarray(at * batchSize, (at + 1) * batchSize);
  const examples: (Example & { index: number })[] = [];
  for (const index of indices) examples.push({ ...(await images.get(index)), index });
  const { length, classes } = images;
  return { length, ...(classes && { classes }), examples };
}

/** A data set that has the images of a batch where they were, and no others. */
export function batchImages({ length, classes, examples }: StoredBatch): Dataset {
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
    // Stages ask beforehand whether every image has a label: those that are not here have any.
    label: (index) => byIndex.get(index)?.label ?? (classes ? 0 : undefined),
    name: (index) => byIndex.get(index)?.name ?? `#${index}`,
  };
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
