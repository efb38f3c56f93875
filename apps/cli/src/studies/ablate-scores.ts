// What the encoders of an ablation are worth: a linear probe, nearest neighbors, and probes of a few labels, all of the block that the paper
// probes. Scores are kept beside the weights they are of: a study that is gone on with does not measure twice.
import { createHash } from "node:crypto";
import { promises as files } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Beit } from "@beitjs/beit-encoder";
import type { Backend } from "@beitjs/tensor-core";
import {
  blockFeatures,
  drawFewLabels,
  linearProbe,
  meanAndSpread,
  neighborScores,
  takeRows,
  type Dataset,
  type EvalViewOptions,
} from "@beitjs/trainers";
import { makeFolder } from "@beitjs/trainers/node";
import type { ProbeImages } from "../probes/images.ts";
import { middleBlock } from "../probes/sources.ts";
import type { Context } from "../program/command.ts";
import { asWrongUse } from "../program/exit-codes.ts";
import { pauses } from "../program/interrupt.ts";
import { writeResult } from "../runs/folder.ts";

/** Shares of test images, of one network. */
export type AblationScores = {
  readonly linearProbe: number;
  readonly neighbors: number;
  /** Mean over draws. */
  readonly fewLabels: number;
};

export type MeasureOptions = {
  readonly images: ProbeImages;
  readonly labelsPerClass: number;
  readonly tries: number;
  readonly seed: number;
  readonly batch: number;
  readonly backend: Backend;
};

type Network = { readonly beit: Beit; readonly view: EvalViewOptions };

/** A network, where its scores are kept, and what tells its weights from others. */
export type MeasuredNetwork = {
  readonly name: string;
  readonly folder: string;
  readonly weights: string;
  /** Has it there while it is measured. */
  readonly use: <Result>(body: (network: Network) => Promise<Result>) => Promise<Result>;
};

const neighbors = 20;

/** Scores of a network, as they were kept or by measuring. */
export async function scoresOfNetwork(
  network: MeasuredNetwork,
  options: MeasureOptions,
  context: Context,
): Promise<AblationScores> {
  const { name, folder, weights } = network;
  const path = join(folder, "scores.json");
  const of = { weights, ...factsOf(options) };
  const kept = await readKept(path);
  if (kept && isDeepStrictEqual(kept.of, JSON.parse(JSON.stringify(of)))) {
    context.terminal.info(`${name}: measured before`);
    return kept.scores;
  }
  const scores = await network.use((used) => measure(name, used, options, context));
  await makeFolder(folder);
  await writeResult(path, `${JSON.stringify({ of, scores }, null, 2)}\n`);
  return scores;
}

/**
 * The draws of few labels, as places in the images to learn from; the same for every network.
 *
 * @throws a usage error for too few images of a class
 */
export async function fewLabelsOf({
  images: { train },
  labelsPerClass: perClass,
  tries,
  seed,
}: Omit<MeasureOptions, "batch" | "backend">): Promise<readonly (readonly number[])[]> {
  const { draws, images } = await asWrongUse("--labels-per-class", () =>
    drawFewLabels(train, { perClass, tries, seed }),
  );
  return draws.map((draw) => draw.map((place) => images[place]));
}

async function measure(
  name: string,
  { beit, view }: Network,
  options: MeasureOptions,
  context: Context,
): Promise<AblationScores> {
  const { images, seed, batch: batchSize, backend } = options;
  const { train, test = train } = images;
  const draws = await fewLabelsOf(options);
  const progress = context.terminal.progress({
    ...{ label: `features of ${name}`, total: train.length + test.length, unit: "images" },
  });
  const blocks = [middleBlock(beit.config.depth)];
  const featuresOf = async (part: Dataset, before: number) => {
    const onImages = (done: number): void => progress.update(before + done, "");
    const [table] = await blockFeatures(beit, part, { view, blocks, batchSize, onImages });
    return table;
  };
  try {
    const own = await featuresOf(train, 0);
    const others = await featuresOf(test, train.length);
    const onStep = pauses(context);
    const probe = (table: typeof own) => linearProbe(table, others, { seed, backend, onStep });
    const few: number[] = [];
    for (const draw of draws) {
      const { accuracy } = await probe(takeRows(own, draw));
      few.push(accuracy);
    }
    const k = Math.min(neighbors, train.length);
    return {
      linearProbe: (await probe(own)).accuracy,
      neighbors: (await neighborScores(own, others, { k, backend, onStep })).accuracy,
      fewLabels: meanAndSpread(few).mean,
    };
  } finally {
    progress.stop();
  }
}

// What else decides scores.
function factsOf({ images, labelsPerClass, tries, seed }: MeasureOptions): Readonly<Record<string, unknown>> {
  const { train, test = train, classes } = images;
  const hash = createHash("sha256");
  for (const part of [train, test]) {
    for (let i = 0; i < part.length; i++) hash.update(JSON.stringify([part.name(i), part.label(i)]));
  }
  return { images: hash.digest("hex"), classes, labelsPerClass, tries, seed };
}

type Kept = { readonly of: unknown; readonly scores: AblationScores };

async function readKept(path: string): Promise<Kept | undefined> {
  try {
    const { of, scores } = JSON.parse(await files.readFile(path, "utf8")) as Kept;
    const whole = [scores.linearProbe, scores.neighbors, scores.fewLabels].every(Number.isFinite);
    return whole ? { of, scores } : undefined;
  } catch {
    return undefined;
  }
}
