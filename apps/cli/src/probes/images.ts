// The images of a probe: those it learns from and those it is measured on, and a few labels of the former.
import {
  drawFewLabels,
  requireLabels,
  splitPerClass,
  subset,
  withClasses,
  type Dataset,
  type FewLabels,
} from "@beitjs/trainers";
import type { DatasetSplit } from "@beitjs/trainers/node";
import { interruptible, openImages, testSplit, type ReadingFlags } from "../images/images.ts";
import type { Context } from "../program/command.ts";
import { asWrongUse, usageError } from "../program/exit-codes.ts";

export type ProbeImages = {
  readonly train: Dataset;
  /** None where every image is measured by all others. */
  readonly test: Dataset | undefined;
  readonly classes: readonly string[];
  /** Places in `train` that each draw learns from; all of them where labels are not few. */
  readonly draws: FewLabels["draws"] | undefined;
  readonly facts: Readonly<Record<string, unknown>>;
};

type Flags = ReadingFlags & {
  readonly data: string;
  readonly trainSplit: DatasetSplit;
  readonly split: DatasetSplit | "auto";
  readonly seed: number;
  readonly labelsPerClass: number | undefined;
  readonly tries: number | undefined;
};

const heldOutShare = 0.2;
const usualTries = 5;

/**
 * Opens the images to learn from and to measure on.
 *
 * @param leavesOneOut whether images can be measured by all others where there are none to measure on
 * @throws a usage error for images without classes, other classes, and too few of a class
 */
export async function openProbeImages(
  flags: Flags,
  { channels, leavesOneOut }: { readonly channels: number; readonly leavesOneOut: boolean },
  context: Context,
): Promise<ProbeImages> {
  const { data, trainSplit, labelsPerClass: perClass, seed } = flags;
  if (flags.tries !== undefined && perClass === undefined) {
    throw usageError("--tries: expected --labels-per-class beside it: without, there is nothing to draw");
  }
  const open = async (split: DatasetSplit): Promise<Dataset> => {
    const { images } = await openImages(data, { ...flags, split, channels }, context);
    await asWrongUse(`--data ${data}`, () => requireLabels(images));
    return interruptible(images, context);
  };
  const split = flags.split === "auto" ? await testSplit(data, flags) : flags.split;
  const all = await open(trainSplit);
  const classes = requireLabels(all);
  const { train, test, how } = await parts(all, { ...flags, split, leavesOneOut }, () => open(split), context);
  const facts = { trainSplit, split, ...(how && { measuredOn: how }), testImages: (test ?? train).length };
  if (perClass === undefined)
    return { train, test, classes, draws: undefined, facts: { ...facts, images: train.length } };
  const tries = flags.tries ?? usualTries;
  const { images, draws } = await asWrongUse("--labels-per-class", () =>
    drawFewLabels(train, { perClass, tries, seed }),
  );
  const drawn = { labelsPerClass: perClass, tries, images: perClass * classes.length };
  return { train: subset(train, images), test, classes, draws, facts: { ...facts, ...drawn } };
}

type Parts = {
  readonly train: Dataset;
  readonly test: Dataset | undefined;
  readonly how?: "held out" | "leave one out";
};

async function parts(
  all: Dataset,
  flags: Flags & { readonly leavesOneOut: boolean },
  openTest: () => Promise<Dataset>,
  { terminal }: Context,
): Promise<Parts> {
  const { data, split, trainSplit, seed, leavesOneOut, labelsPerClass } = flags;
  if (split !== trainSplit) {
    const test = await openTest();
    return { train: all, test: await asWrongUse(`--split ${split}`, () => withClasses(test, requireLabels(all))) };
  }
  if (leavesOneOut && labelsPerClass === undefined) {
    terminal.info(`measured on: the same images, each by all others, as ${data} has no other part`);
    return { train: all, test: undefined, how: "leave one out" };
  }
  const { train, validation } = await asWrongUse(`--data ${data}`, () =>
    splitPerClass(all, { share: heldOutShare, seed }),
  );
  terminal.info(`measured on: a fifth of every class, ${validation.length} images set aside by seed ${seed}`);
  return { train, test: validation, how: "held out" };
}
