// The images of a training command: those it learns from, those that are held out to validate on, and those of a last figure.
import {
  splitPerClass,
  withClasses,
  type Dataset,
  type Interval,
  type Recipe,
  type ValidationOptions,
} from "@beitjs/trainers";
import { datasetLayout } from "@beitjs/trainers/node";
import { interruptible, openImages, testSplit, type OpenedImages, type ReadingFlags } from "../images/images.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { messageOf, usageError } from "../program/exit-codes.ts";
import { printable } from "../program/printable.ts";
import { metricNames } from "./stages.ts";
import type { validationFlags } from "./validation-flags.ts";

type Flags = FlagValues<typeof validationFlags> &
  ReadingFlags & {
    readonly data: string;
    /** That the model sees. */
    readonly channels: number | undefined;
  };

/** Where held-out images come from: the data's own split, or a share of the images to learn from. */
export type Validated = ValidationOptions & { readonly from: "val split" | "val share"; readonly every: Interval };

export type TestImages = { readonly images: Dataset; readonly data: string; readonly split: string };

export type TrainingImages = {
  /** All of the training split; what is held out of them is among them. */
  readonly opened: OpenedImages;
  /** To learn from. */
  readonly images: Dataset;
  readonly validation: Validated | undefined;
  /** Only where they were asked for. */
  readonly test: TestImages | undefined;
};

/**
 * Opens and reads the images of a training command.
 *
 * @throws a usage error for a metric that the stage has not, and for flags of a validation where no images are held out
 */
export async function openTrainingImages(
  flags: Flags,
  recipe: Recipe,
  context: Context,
): Promise<TrainingImages> {
  refuseMetric(flags.bestMetric, recipe);
  const opened = await openImages(flags.data, { ...flags, split: "train" }, context);
  const { images: all } = opened;
  const { images, heldOut } = await holdOut(all, flags, recipe, context);
  if (!heldOut) refuseWithout(flags);
  const { bestMetric: metric, earlyStop: patience, evalEvery: every } = flags;
  const options = { ...(metric !== undefined && { metric }), ...(patience !== undefined && { patience }) };
  const validation = heldOut && {
    ...options,
    ...heldOut,
    images: interruptible(heldOut.images, context),
    every: every === undefined || every === "never" ? { epochs: 1 } : every,
  };
  return { opened, images, validation, test: await openTest(all, flags, context) };
}

/** Facts of a validation for manifest and summary. */
export function validationFacts(validation: Validated | undefined): Readonly<Record<string, unknown>> {
  if (!validation) return {};
  const { images, from, every } = validation;
  return { validation: { images: images.length, from, every } };
}

/** What must not change when a run goes on: other images held out are other images to learn from. */
export function heldOutIdentity({ valShare }: Pick<Flags, "valShare">): { readonly valShare?: number } {
  return valShare === undefined ? {} : { valShare };
}

type HeldOut = Pick<Validated, "images" | "from">;

async function holdOut(
  all: Dataset,
  flags: Flags,
  { seed }: Pick<Recipe, "seed">,
  context: Context,
): Promise<{ readonly images: Dataset; readonly heldOut?: HeldOut }> {
  const { terminal } = context;
  if (flags.valShare !== undefined) {
    const { train, validation } = splitPerClass(all, { share: flags.valShare, seed });
    const alike = all.labels ? "as nearly alike as labels that come together allow" : "alike";
    const of = all.classes ? `, of every class ${alike}` : "";
    terminal.info(`validation: ${validation.length} of ${all.length} images held out${of}, drawn with seed ${seed}`);
    terminal.event("validation-images", { images: validation.length, from: "val share", share: flags.valShare, seed });
    return { images: train, heldOut: { images: validation, from: "val share" } };
  }
  if (flags.evalEvery === "never") return { images: all };
  if (!(await datasetLayout(flags.data, flags)).splits.val) {
    const some = flags.earlyStop ?? flags.bestMetric;
    if (some === undefined) terminal.info("validation: none, as the data has no val split; --val-share 0.1 holds a tenth out");
    return { images: all };
  }
  const { images } = await openImages(flags.data, { ...flags, split: "val" }, context);
  terminal.event("validation-images", { images: images.length, from: "val split" });
  return { images: all, heldOut: { images: sameClasses(images, all, `${flags.data} (val)`), from: "val split" } };
}

async function openTest(all: Dataset, flags: Flags, context: Context): Promise<TestImages | undefined> {
  if (flags.testData === undefined && flags.testSplit === undefined) return undefined;
  const data = flags.testData ?? flags.data;
  const split = flags.testSplit ?? (await testSplit(data, flags));
  const { images } = await openImages(data, { ...flags, split }, context);
  return { images: sameClasses(images, all, `${data} (${split})`), data, split };
}

// A part may lack a class; one that is none of training's is another data set's.
function sameClasses(part: Dataset, all: Dataset, name: string): Dataset {
  if (!all.classes || !part.classes) return part;
  try {
    return withClasses(part, all.classes);
  } catch (error) {
    throw usageError(`${printable(name)}: ${messageOf(error)}`, error);
  }
}

function refuseMetric(metric: string | undefined, recipe: Recipe): void {
  const names = metricNames(recipe);
  if (metric !== undefined && !names.includes(metric))
    throw usageError(`--best-metric ${metric}: expected ${names.join(" or ")} for stage ${recipe.stage}`);
}

function refuseWithout(flags: Flags): void {
  const given = flags.earlyStop !== undefined ? "--early-stop" : flags.bestMetric !== undefined && "--best-metric";
  if (!given) return;
  const why = flags.evalEvery === "never" ? "--eval-every never evaluates none" : `${flags.data} has no val split`;
  throw usageError(`${given}: expected images to evaluate on, but ${why}; --val-share 0.1 holds a tenth out`);
}
