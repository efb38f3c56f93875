// Batches of a dataset, epoch after epoch, from any position: what a step reads depends on seed, epoch and step alone, so a
// resumed run goes on with the very batch that came next.
import { loadedAhead } from "./ahead.ts";
import { order, type Dataset, type Example } from "./dataset.ts";
import { balancedOrder, repeatedOrder } from "./sampling.ts";

/** A place in training: the step counts from 0 within its epoch. */
export type BatchPosition = { readonly epoch: number; readonly step: number };

export type BatchOptions = {
  readonly batchSize: number;
  readonly seed: number;
  /** First batch to give; the beginning by default. */
  readonly start?: BatchPosition;
  /** Epochs in all, counted from epoch 0; endless by default. */
  readonly epochs?: number;
  /** A new order every epoch (default), or the dataset's own. */
  readonly shuffle?: boolean;
  /** Of a new order: every image once (default), or every class equally often, see `balancedOrder`. */
  readonly sampling?: "uniform" | "balanced";
  /** How often in a row an image of a new order comes, see `repeatedOrder`; once by default. */
  readonly repeats?: number;
  /** Leave out what does not fill a batch (default), or give a smaller last batch. */
  readonly dropLast?: boolean;
  readonly signal?: AbortSignal;
};

export type Batch<T> = BatchPosition & {
  /** What `prepare` made of the examples, in order. */
  readonly items: readonly T[];
  /** The examples' indices in the dataset. */
  readonly indices: readonly number[];
  /** The position after this batch, to be kept in a checkpoint. */
  readonly next: BatchPosition;
};

/**
 * Makes a batch's entry of an example; `index` is the example's place in the dataset. Where sampling gives an example again in an epoch,
 * it is that plus the dataset's length for every time before: an address of random numbers that is another each time.
 */
export type Prepare<T> = (example: Example, at: { readonly epoch: number; readonly index: number }) => T;

/**
 * Yields batches and reads the next one while the caller works on the present one: from the first time on that the caller
 * waits for something, such as a device. Examples pass through `prepare` as soon as they are read, so full-size images do not
 * pile up.
 * @throws RangeError when the dataset cannot fill a batch; what the dataset throws; the signal's reason.
 *
 * @example
 * const prepare = (example, at) => twoViews(example.image, paperViews, viewRng({ seed: 7, ...at }));
 * for await (const { items, next } of batches(dataset, prepare, { batchSize: 32, seed: 7, start })) { ... }
 */
export async function* batches<T>(
  dataset: Dataset,
  prepare: Prepare<T>,
  options: BatchOptions,
): AsyncGenerator<Batch<T>, void, void> {
  const steps = stepsPerEpoch(dataset, options);
  const epochs = options.epochs ?? Infinity;
  let position = checkStart(options.start ?? { epoch: 0, step: 0 }, steps);
  let indices = epochOrder(dataset, options, position.epoch);
  const load = async (): Promise<Batch<T> | undefined> => {
    if (position.epoch >= epochs) return undefined;
    const batch = loadBatch(dataset, prepare, { ...options, steps, position, indices });
    const crossing = position.step + 1 === steps;
    position = crossing ? { epoch: position.epoch + 1, step: 0 } : { ...position, step: position.step + 1 };
    if (crossing && position.epoch < epochs) indices = epochOrder(dataset, options, position.epoch);
    return batch;
  };
  yield* loadedAhead(load);
}

/**
 * Batches in one epoch.
 * @throws RangeError when there is none: an empty dataset, or one smaller than a batch while the last is dropped.
 */
export function stepsPerEpoch(
  { length }: { readonly length: number },
  { batchSize, dropLast = true }: Pick<BatchOptions, "batchSize" | "dropLast">,
): number {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`[batches] expected a batch size of at least 1, got ${batchSize}`);
  }
  const steps = dropLast ? Math.floor(length / batchSize) : Math.ceil(length / batchSize);
  if (steps === 0) {
    throw new RangeError(
      `[batches] expected at least ${dropLast ? batchSize : 1} images to fill a batch, got ${length}`,
    );
  }
  return steps;
}

/** The position of a step counted over all epochs. */
export function positionAt(step: number, stepsPerEpoch: number): BatchPosition {
  return { epoch: Math.floor(step / stepsPerEpoch), step: step % stepsPerEpoch };
}

type Load = BatchOptions & {
  readonly steps: number;
  readonly position: BatchPosition;
  readonly indices: Uint32Array;
};

async function loadBatch<T>(dataset: Dataset, prepare: Prepare<T>, options: Load): Promise<Batch<T>> {
  const { batchSize, steps, position, signal } = options;
  const { epoch, step } = position;
  signal?.throwIfAborted();
  const addresses = Array.from(options.indices.subarray(step * batchSize, (step + 1) * batchSize));
  const indices = addresses.map((address) => address % dataset.length);
  const items = await Promise.all(
    addresses.map(async (index, i) => {
      const example = await dataset.get(indices[i]);
      signal?.throwIfAborted();
      return prepare(example, { epoch, index });
    }),
  );
  return { epoch, step, items, indices, next: positionAt(epoch * steps + step + 1, steps) };
}

/** @internal Which examples come in an epoch, in their order. */
export function epochOrder(
  dataset: Dataset,
  { seed, shuffle = true, sampling, repeats = 1 }: BatchOptions,
  epoch: number,
): Uint32Array {
  const { length } = dataset;
  if (shuffle && sampling === "balanced") return balancedOrder(dataset, { seed, epoch });
  if (!shuffle) return Uint32Array.from({ length }, (_, index) => index);
  const shuffled = order(length, { seed, epoch });
  return repeats > 1 ? repeatedOrder(shuffled, repeats) : shuffled;
}

// A run that ended exactly at an epoch's end may have kept { epoch, step: steps }.
function checkStart({ epoch, step }: BatchPosition, steps: number): BatchPosition {
  const whole = Number.isInteger(epoch) && Number.isInteger(step);
  if (!whole || epoch < 0 || step < 0 || step > steps) {
    const got = `epoch ${epoch}, step ${step}`;
    throw new RangeError(`[batches] expected to start at a step from 0 to ${steps} of an epoch, got ${got}`);
  }
  return step === steps ? { epoch: epoch + 1, step: 0 } : { epoch, step };
}
