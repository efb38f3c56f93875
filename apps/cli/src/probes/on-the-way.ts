// What the features of an encoder are worth while it is pre-trained: a linear probe and nearest neighbors on labeled images, every now and
// then. Weights and everything drawn are left as they are: a run trains to the same bits with it and without.
import type { Backend } from "@beitjs/tensor-core";
import {
  blockFeatures,
  linearProbe,
  neighborScores,
  runLength,
  type Dataset,
  type FeatureTable,
  type Interval,
  type PretrainRecipe,
  type PretrainReport,
} from "@beitjs/trainers";
import type { ReadingFlags } from "../images/images.ts";
import { someOf } from "../images/parts.ts";
import type { Context } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import { evalViewOf } from "../runs/stages.ts";
import { openProbeImages } from "./images.ts";
import { middleBlock } from "./sources.ts";

type Flags = ReadingFlags & {
  readonly probe: string | undefined;
  readonly probeEvery: Interval | "never" | undefined;
};

type Run = {
  readonly recipe: PretrainRecipe;
  /** That it learns from. */
  readonly images: { readonly length: number };
  readonly backend: Backend;
};

// More would take longer than the training between.
const most = { learnedFrom: 5000, measuredOn: 2000 };
const usual: Interval = { epochs: 5 };
const neighbors = 20;

/**
 * Opens the images of --probe; what is given back measures after a step, if it is one to measure after.
 *
 * @throws a usage error for images without classes, and for --probe-every alone
 */
export async function openProbing(
  { probe: data, probeEvery: every = usual, ...reading }: Flags,
  { recipe, images, backend }: Run,
  context: Context,
): Promise<((report: PretrainReport) => Promise<Readonly<Record<string, number>>>) | undefined> {
  if (data === undefined) {
    if (every === usual || every === "never") return undefined;
    throw usageError("--probe-every: expected --probe with labeled images beside it");
  }
  if (every === "never") return undefined;
  const { terminal } = context;
  const { seed, model } = recipe;
  const asked = { ...reading, data, trainSplit: "train", split: "auto", seed } as const;
  const few = { ...asked, labelsPerClass: undefined, tries: undefined };
  const opened = await openProbeImages(few, { channels: model.channels, leavesOneOut: false }, context);
  const train = someOf(opened.train, most.learnedFrom, seed);
  const test = someOf(opened.test as Dataset, most.measuredOn, seed);
  const interval = stepsOf(every, runLength(recipe, images).stepsPerEpoch);
  const block = middleBlock(model.depth);
  const k = Math.min(neighbors, train.length);
  terminal.info(
    `probe: every ${interval} steps and at the end, block ${block}, ${train.length} images to learn from, ${test.length} to measure on`,
  );
  return async ({ beit, step, ends }) => {
    if (step % interval !== 0 && !ends) return {};
    const view = evalViewOf(recipe);
    const featuresOf = async (part: Dataset): Promise<FeatureTable> =>
      (await blockFeatures(beit, part, { view, blocks: [block] }))[0];
    const [own, others] = [await featuresOf(train), await featuresOf(test)];
    const { accuracy: linearProbeAccuracy } = await linearProbe(own, others, { seed, backend });
    const { accuracy: neighborAccuracy } = await neighborScores(own, others, { k, backend });
    const told = [linearProbeAccuracy, neighborAccuracy].map((share) => `${(100 * share).toFixed(1)} %`);
    terminal.info(`step ${step}: linear probe ${told[0]}, nearest neighbors ${told[1]}`);
    return { linearProbeAccuracy, neighborAccuracy };
  };
}

function stepsOf(every: Interval, perEpoch: number): number {
  return "steps" in every ? every.steps : Math.max(1, Math.round(every.epochs * perEpoch));
}
