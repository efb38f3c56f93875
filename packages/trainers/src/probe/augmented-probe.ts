// The linear probe of the BEiT paper (appendix D; unilm beit/run_linear_eval.py): a frozen encoder sees another view of every image each
// epoch, and one pass of it trains a classifier for each block and rate. Their losses are added: no gradient of one reaches another.
import { disposeTree, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { createRng, streams } from "@beitjs/tensor-core/random";
import { addScaled, crossEntropy, linear } from "@beitjs/tensor-core/ops";
import type { Beit } from "@beitjs/beit-encoder";
import { batches, requireLabels, trainView, viewRng, type Dataset, type EvalViewOptions } from "../data/index.ts";
import { adamWDefaults } from "../optimizer/adamw.ts";
import { warmupCosine } from "../optimizer/schedule.ts";
import type { TrainViewOptions } from "../recipes/recipe.ts";
import { initTrainingState, update, type TrainingState } from "../update.ts";
import { checkView } from "../view-batch.ts";
import type { FeatureTable } from "./feature-table.ts";
import { blockFeatures, pooledRows, pooledWidth, type BlockFeaturesOptions } from "./features.ts";
import { heldOutImages } from "./held-out-rows.ts";
import { logisticLoss, predictLogistic } from "./logistic-regression.ts";
import { scoresOf, type ProbeScores } from "./scores.ts";

export type AugmentedProbeOptions = Omit<BlockFeaturesOptions, "batchSize" | "onImages"> & {
  /** Times that every image is seen; the paper's 50 are many passes of an encoder. */
  readonly epochs: number;
  /** Peaks of the rate, each with classifiers of its own: the best of a held-out fifth of the images counts, where there are several. */
  readonly rates: readonly number[];
  /** Of what is held out, the order, the views and the first weights. */
  readonly seed: number;
  /** Images that the encoder sees at once, without a say in the figures; default 100. */
  readonly batchSize?: number;
  /** Called after every batch with the images so far, and those of all epochs. */
  readonly onImages?: ((done: number, total: number) => void) | undefined;
};

export type AugmentedProbeScores = ProbeScores & {
  /** That was chosen. */
  readonly rate: number;
  /** Of the part of the images to learn from that chose it; none where there was one rate, or one image of every class. */
  readonly heldOutAccuracy?: number;
};

type Options = AugmentedProbeOptions & Required<Pick<AugmentedProbeOptions, "blocks" | "pooling" | "batchSize">>;

/** The paper's rate, and around it: features of other networks are of other sizes. */
export const usualProbeRates: readonly number[] = [4e-4, 1e-3, 4e-3, 1e-2, 4e-2];
const weightDecay = 1e-4;
const initStd = 0.01;

/** Images of a step: the paper's 1024, or where there are few, as many as make 16 steps an epoch. */
export function augmentedBatch(images: number): number {
  return Math.min(1024, Math.max(1, Math.floor(images / 16)));
}

/**
 * Learns from views of the images of one dataset and measures on features of others, as `blockFeatures` has them of the same blocks.
 *
 * @param tests a table a block, in order of depth
 * @returns scores of every block
 * @throws RangeError for images of one class or none, and no rate; what the dataset and the signal throw
 */
export async function augmentedProbe(
  beit: Beit,
  train: Dataset,
  tests: readonly FeatureTable[],
  given: AugmentedProbeOptions,
): Promise<readonly AugmentedProbeScores[]> {
  const blocks = [...new Set(given.blocks ?? beit.params.blocks.keys())].sort((a, b) => a - b);
  const options: Options = { ...given, blocks, pooling: given.pooling ?? "mean", batchSize: given.batchSize ?? 100 };
  checkGiven(beit, train, tests, options);
  const parts = options.rates.length > 1 ? heldOutImages(train, options.seed) : undefined;
  const classifiers = await trainClassifiers(beit, parts?.train ?? train, {
    ...options,
    rows: augmentedBatch(train.length),
  });
  const { view, pooling, batchSize, signal } = options;
  const seeing = { view, blocks, pooling, batchSize, ...(signal && { signal }) };
  const tables = parts && (await blockFeatures(beit, parts.heldOut, seeing));
  const { backend } = beit.params.classToken;
  return Promise.all(
    classifiers.map(async (ofBlock, i) => {
      const chosen = await choose(ofBlock, tables?.[i], backend);
      const predicted = await predictLogistic(tests[i], chosen.classifier, backend);
      const { rate, heldOutAccuracy } = chosen;
      return {
        ...scoresOf(predicted, tests[i].labels),
        rate,
        ...(heldOutAccuracy !== undefined && { heldOutAccuracy }),
      };
    }),
  );
}

function checkGiven(
  beit: Beit,
  train: Dataset,
  tests: readonly FeatureTable[],
  { view, blocks, rates }: Options,
): void {
  checkView("augmentedProbe", view, beit.config);
  requireLabels(train);
  if (rates.length === 0) throw new RangeError("[augmentedProbe] expected at least one rate, got none");
  if (tests.length !== blocks.length) {
    throw new RangeError(`[augmentedProbe] expected a table for each of ${blocks.length} blocks, got ${tests.length}`);
  }
  const [first, ...others] = labelsOf(train);
  if (others.every((label) => label === first)) {
    throw new RangeError(
      `[augmentedProbe] expected images of at least 2 classes to learn from, got class ${first} alone`,
    );
  }
}

function labelsOf({ length, label }: Dataset): readonly number[] {
  return Array.from({ length }, (_, index) => label(index) as number);
}

/** On the host. */
type Classifier = { readonly rate: number; readonly weights: Float64Array; readonly biases: Float64Array };
type Chosen = { readonly classifier: Classifier; readonly rate: number; readonly heldOutAccuracy?: number };

// By accuracy, as DINOv2 does; of equals by the loss. Where nothing can be held out, the rate in the middle.
async function choose(
  classifiers: readonly Classifier[],
  table: FeatureTable | undefined,
  backend: Backend,
): Promise<Chosen> {
  if (!table) {
    const classifier = classifiers[Math.floor(classifiers.length / 2)];
    return { classifier, rate: classifier.rate };
  }
  let best: (Required<Chosen> & { readonly loss: number }) | undefined;
  for (const classifier of classifiers) {
    const predicted = await predictLogistic(table, classifier, backend);
    const heldOutAccuracy = scoresOf(predicted, table.labels).accuracy;
    const loss = await logisticLoss(table, classifier, backend);
    const equal = heldOutAccuracy === best?.heldOutAccuracy;
    if (!best || heldOutAccuracy > best.heldOutAccuracy || (equal && loss < best.loss)) {
      best = { classifier, rate: classifier.rate, heldOutAccuracy, loss };
    }
  }
  return best as NonNullable<typeof best>;
}

type Weights = { readonly weight: Tensor; readonly bias: Tensor };
/** Of every block and rate. */
type Params = readonly (readonly Weights[])[];

/** @internal Classifiers of every block and rate, trained beside one another. */
export async function trainClassifiers(
  beit: Beit,
  images: Dataset,
  options: Options & { readonly rows: number },
): Promise<readonly (readonly Classifier[])[]> {
  const { rows, epochs, seed, batchSize, signal, rates, onImages, blocks, pooling } = options;
  const { backend } = beit.params.classToken;
  const width = pooledWidth(beit, pooling);
  const steps = epochs * Math.floor(images.length / rows);
  const view = augmentedView(options.view);
  const state = initTrainingState(initClassifiers(options, { width, classes: requireLabels(images).length }, backend));
  const gathered = blocks.map(() => new Float32Array(rows * width));
  const labels = new Int32Array(rows);
  let [count, current, done] = [0, 0, 0];
  try {
    const prepare = ({ image, label }: Awaited<ReturnType<Dataset["get"]>>, at: { epoch: number; index: number }) => ({
      pixels: trainView(image, view, viewRng({ seed, ...at })),
      label: label as number,
    });
    const reading = { batchSize, seed, epochs, dropLast: false, ...(signal && { signal }) };
    for await (const { epoch, items } of batches(images, prepare, reading)) {
      // What does not fill a step is left out, as other orders leave out other images.
      if (epoch !== current) [count, current] = [0, epoch];
      const seen = items.map(({ pixels }) => pixels);
      const features = await pooledRows(beit, seen, { blocks, pooling });
      for (const [i, { label }] of items.entries()) {
        for (const [b, of] of features.entries()) {
          gathered[b].set(of.subarray(i * width, (i + 1) * width), count * width);
        }
        labels[count++] = label;
        if (count < rows) continue;
        const factor = warmupCosine(state.step, steps, { peak: 1, minimum: 0, warmupSteps: 0 });
        await step(state, { gathered, labels, width }, { rates, factor });
        count = 0;
      }
      done += items.length;
      onImages?.(done, epochs * images.length);
    }
    return await readClassifiers(state.params, rates);
  } finally {
    disposeTree(state.trees.map(({ tree }) => tree));
  }
}

/** The paper's, of what the encoder sees. */
function augmentedView({ channels, size, normalization }: EvalViewOptions): TrainViewOptions {
  const crop = { kind: "resized", scale: [0.08, 1], ratio: [3 / 4, 4 / 3] } as const;
  return { channels, size, crop, flip: 0.5, filter: "bilinear", normalization };
}

// Those of a block begin the same with every rate, whatever other blocks there are.
function initClassifiers(
  { blocks, rates, seed }: Options,
  { width, classes }: { readonly width: number; readonly classes: number },
  backend: Backend,
): Params {
  return blocks.map((block) => {
    const rng = createRng({ seed, stream: streams.parameters, index: block });
    const values = Float32Array.from({ length: classes * width }, () => initStd * rng.normal());
    return rates.map(() => ({
      weight: tensor(values, [classes, width], backend),
      bias: tensor(new Float32Array(classes), [classes], backend),
    }));
  });
}

type Gathered = { readonly gathered: readonly Float32Array[]; readonly labels: Int32Array; readonly width: number };

async function step(
  state: TrainingState<Params>,
  { gathered, labels, width }: Gathered,
  { rates, factor }: { readonly rates: readonly number[]; readonly factor: number },
): Promise<void> {
  const { backend } = state.params[0][0].weight;
  const features = gathered.map((values) => tensor(values, [labels.length, width], backend)); // [B, D]
  const targets = tensor(labels, [labels.length], backend, "int32");
  const objective = (params: Params) => ({
    loss: params
      .flatMap((ofBlock, b) => ofBlock.map((weights) => crossEntropy(linear(features[b], weights), targets)))
      .reduce((sum, loss) => addScaled(sum, loss)),
  });
  const scales = gathered.flatMap(() => rates.flatMap((rate) => [rate, rate]));
  try {
    await update(state, [{ share: 1, objective }], {
      learningRate: factor,
      adamW: { ...adamWDefaults, weightDecay },
      rateScales: scales,
      decayScales: scales.map(() => 1),
    });
  } finally {
    disposeTree([features, targets]);
  }
}

function readClassifiers(params: Params, rates: readonly number[]): Promise<readonly (readonly Classifier[])[]> {
  const read = async (one: Tensor) => Float64Array.from(await one.read("float32"));
  const classifier = async ({ weight, bias }: Weights, i: number) => ({
    rate: rates[i],
    weights: await read(weight),
    biases: await read(bias),
  });
  return Promise.all(params.map((ofBlock) => Promise.all(ofBlock.map(classifier))));
}
