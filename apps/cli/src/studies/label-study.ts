// A study of few labels from flags to files: what a pre-trained encoder is worth with so many labels a class, against the same network
// from scratch and against what needs no training of a network.
import { createHash } from "node:crypto";
import { promises as files } from "node:fs";
import { join } from "node:path";
import {
  firstDifference,
  fitToModel,
  requireLabels,
  withClasses,
  type Dataset,
  type FineTuneRecipe,
} from "@beitjs/trainers";
import { stringify } from "yaml";
import type { BackendFacts } from "../backends/open.ts";
import type { Backend } from "@beitjs/tensor-core";
import { csv } from "../files/csv.ts";
import { interruptible, openImages, testSplit } from "../images/images.ts";
import { headFor } from "../models/class-match.ts";
import { openEncoder, type OpenedEncoder } from "../models/open-beit.ts";
import { openProbeImages } from "../probes/images.ts";
import { featureSources, middleBlock } from "../probes/sources.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { asWrongUse, usageError } from "../program/exit-codes.ts";
import { colors } from "../report/style.ts";
import { recipeForModel, requestOf } from "../runs/default-recipe.ts";
import { writeResult } from "../runs/folder.ts";
import { otherSizes } from "../runs/other-sizes.ts";
import { loadRecipe, type RecipeRequest } from "../runs/recipe-file.ts";
import { runFacts } from "../runs/training-run.ts";
import type { labelEfficiencyFlags } from "../commands/declarations/label-efficiency.ts";
import { knownCells, measureCells, type ScoredCell, type Study } from "./label-cells.ts";
import { csvCells, summarizeCells, tableLines, type WayFigures } from "./label-figures.ts";
import { labelChart, labelSvg, renderLabelStudy, type LabelStudyFacts } from "./label-page.ts";
import { cellsOf, chosenCounts, scratchOf, type StudyLength, type TrainedWay } from "./label-plan.ts";
import { refuseSchedules, tellLargest, tellStudy, trainings } from "./label-trainings.ts";

type Flags = FlagValues<typeof labelEfficiencyFlags>;
type Machine = { readonly backend: Backend; readonly facts: BackendFacts };
type StudyImages = {
  readonly train: Dataset;
  readonly test: Dataset;
  readonly facts: Readonly<Record<string, unknown>>;
};

/** More numbers than that say little more about small pictures, and make ridge slow. */
const mostPixelNumbers = 1024;

export type StudyResult = {
  readonly rows: readonly WayFigures[];
  readonly lines: readonly string[];
  readonly paths: readonly string[];
};

/**
 * Measures all of a study, or what is not measured yet, and writes its files.
 *
 * @throws a usage error for a folder of another study, by the name of what differs
 */
export async function labelStudy(flags: Flags, machine: Machine, context: Context): Promise<StudyResult> {
  const { terminal } = context;
  const opened = await openStart(flags, machine, context);
  const recipes = await studyRecipes(flags, opened, context);
  const images = await studyImages(flags, opened.view.channels, context);
  const counts = chosenCounts(flags.labels, images.train);
  const cells = cellsOf(counts, flags.draws);
  const study = await openStudy(flags, { opened, recipes, images, machine }, context);
  await settleStudy(study);
  refuseSchedules(study, cells);
  const known = await knownCells(study, cells);
  tellStudy(study, cells, known, context);
  if (known.length < cells.length) await tellLargest(study, cells, context);
  const scored = await measureCells(study, cells, context);
  const classes = requireLabels(images.train);
  const rows = summarizeCells(scored, { counts, classes: classes.length, images: images.train.length });
  const facts = factsOf(flags, { study, opened, images, scored });
  terminal.event("figures", { rows });
  return {
    rows,
    lines: [...tableLines(rows), "", ...facts.notes],
    paths: await writeStudy(flags.out, facts, rows, scored),
  };
}

function openStart(flags: Flags, { backend }: Machine, context: Context): Promise<OpenedEncoder> {
  return openEncoder(flags.model, backend, { ...flags, stages: ["pretrain", "fine-tune"] }, context);
}

/** Both schedules; those of other models are fitted to the one at hand. */
async function studyRecipes(
  flags: Flags,
  opened: OpenedEncoder,
  context: Context,
): Promise<Readonly<Record<TrainedWay, FineTuneRecipe>>> {
  if (flags.steps !== undefined && flags.epochs !== undefined)
    throw usageError("--steps and --epochs say the same of the trainings; give one of them");
  const chosen = recipeForModel(opened.beit.config);
  const request = requestOf(flags, chosen, context);
  const fit = { to: "the model", change: (base: FineTuneRecipe) => fitToModel(base, opened) };
  const refuse = (recipe: FineTuneRecipe) => otherSizes(recipe, opened, "--model");
  const load = (one: RecipeRequest) => loadRecipe(one, ["fine-tune"], { fit, refuse });
  const pretrained = await load(request);
  const ours = flags.recipe === undefined && request.recipe === "fine-tune-demo" ? "scratch-demo" : undefined;
  const own = flags.scratchRecipe ?? ours;
  if (own !== undefined) return { pretrained, scratch: await load({ ...request, recipe: own }) };
  const base = scratchOf(pretrained);
  return { pretrained, scratch: await load({ ...request, base }) };
}

async function studyImages(flags: Flags, channels: number, context: Context): Promise<StudyImages> {
  const { testData, seed = 0 } = flags;
  if (testData === undefined) {
    const one = { ...flags, seed, trainSplit: "train", labelsPerClass: undefined, tries: undefined } as const;
    const { train, test, facts } = await openProbeImages(one, { channels, leavesOneOut: false }, context);
    return { train, test: test as Dataset, facts };
  }
  const open = async (data: string, split: "train" | "val" | "test") => {
    const { images } = await openImages(data, { ...flags, split, channels }, context);
    await asWrongUse(`images of ${data}`, () => requireLabels(images));
    return interruptible(images, context);
  };
  const train = await open(flags.data, "train");
  const split = flags.split === "auto" ? await testSplit(testData, flags) : flags.split;
  const test = await open(testData, split);
  const named = await asWrongUse(`--test-data ${testData}`, () => withClasses(test, requireLabels(train)));
  return { train, test: named, facts: { testData, split, testImages: named.length, images: train.length } };
}

type Opened = {
  readonly opened: OpenedEncoder;
  readonly recipes: Study["recipes"];
  readonly images: StudyImages;
  readonly machine: Machine;
};

async function openStudy(
  flags: Flags,
  { opened, recipes, images: { train, test }, machine }: Opened,
  context: Context,
): Promise<Study> {
  const { beit, sha256 } = opened;
  const { depth } = beit.config;
  const block = flags.block ?? middleBlock(depth);
  if (block >= depth) throw usageError(`--block ${block}: expected 0 to ${depth - 1}`);
  const { seed } = recipes.pretrained;
  const features = {
    ...flags,
    seed,
    layers: [block],
    baselines: true,
    other: undefined,
    mostNumbers: mostPixelNumbers,
  };
  const length = lengthOf(flags);
  const identity = {
    model: sha256,
    ...{ train: hashOf(train), test: hashOf(test), classes: requireLabels(train) },
    ...{ recipes, length, block, pooling: flags.pooling },
  };
  return {
    ...{ out: flags.out, backend: machine.backend, beit, train, test, recipes, length, seed, identity },
    head: headFor(opened, requireLabels(train), context),
    sources: await featureSources(opened, features, machine.backend, context),
    keepModels: flags.keepModels,
    facts: runFacts({ data: flags.data, skipped: [], backend: machine.facts, from: opened.path }),
  };
}

function lengthOf({ steps, epochs, recipe, set }: Flags): StudyLength {
  if (steps !== undefined) return { steps };
  const said = epochs !== undefined || recipe !== undefined || set.some((one) => one.startsWith("epochs="));
  return said ? "recipe" : "by labels";
}

// Names and labels: the pixels were read before, if they had changed.
function hashOf(images: Dataset): string {
  const hash = createHash("sha256");
  for (let i = 0; i < images.length; i++) hash.update(JSON.stringify([images.name(i), images.label(i)]));
  return hash.digest("hex");
}

/** Notes what the study is of, or compares it with what is noted. More labels and more draws are the same study. */
async function settleStudy({ out, identity }: Study): Promise<void> {
  const path = join(out, "study.json");
  const own = JSON.parse(JSON.stringify(identity)) as unknown;
  const text = await files.readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return writeResult(path, `${JSON.stringify(own, null, 2)}\n`);
  const difference = firstDifference(own, JSON.parse(text));
  if (difference !== undefined)
    throw usageError(
      `${out} is of another study: ${difference} (there: ${path}); take the same settings, or another --out`,
    );
}

type Finished = {
  readonly study: Study;
  readonly opened: OpenedEncoder;
  readonly images: StudyImages;
  readonly scored: readonly ScoredCell[];
};

function factsOf(
  flags: Flags,
  { study, opened, images, scored }: Finished,
): LabelStudyFacts & Readonly<Record<string, unknown>> {
  const { recipes, seed, identity } = study;
  const perDraw =
    flags.draws > 1
      ? `mean and standard deviation of ${flags.draws} draws of labels, the same for every row; all labels are one draw`
      : "of one draw of labels: small differences are chance; --draws 3 tells";
  const yaml = (way: TrainedWay) => stringify(recipes[way]);
  return {
    ...{ model: opened.path, modelWeights: opened.sha256, data: flags.data, ...images.facts, seed, draws: flags.draws },
    ...{ images: images.train.length, testImages: images.test.length, classes: requireLabels(images.train) },
    ...{ block: identity["block"], pooling: flags.pooling, length: study.length },
    trainings: trainings(scored).length,
    seconds: scored.reduce((sum, cell) => sum + cell.seconds, 0),
    notes: [
      `accuracy on ${images.test.length.toLocaleString("en-US")} test images, in percent: ${perDraw}`,
      `probe and neighbors: of block ${String(identity["block"])}, frozen; the network from scratch has a schedule of its own`,
    ],
    recipes: { pretrained: yaml("pretrained"), scratch: yaml("scratch") },
  };
}

async function writeStudy(
  out: string,
  facts: LabelStudyFacts & Readonly<Record<string, unknown>>,
  rows: readonly WayFigures[],
  scored: readonly ScoredCell[],
): Promise<readonly string[]> {
  const written: readonly (readonly [string, string])[] = [
    [
      "figures.json",
      `${JSON.stringify({ format: "beitjs-label-efficiency", version: 1, ...facts, rows, cells: scored }, null, 2)}\n`,
    ],
    ["figures.csv", csv(csvCells(scored))],
    ["curve.svg", labelSvg(labelChart(rows, facts), colors)],
    ["report.html", renderLabelStudy(facts, rows)],
  ];
  for (const [name, content] of written) await writeResult(join(out, name), content);
  return written.map(([name]) => join(out, name));
}
