// The measurements of a study of few labels, each written as it is done: a study that was stopped goes on where it was.
import { promises as files } from "node:fs";
import { join } from "node:path";
import type { Beit, ClassifierOptions } from "@beitjs/beit-encoder";
import { disposeTree, type Backend } from "@beitjs/tensor-core";
import {
  drawPerClass,
  evaluateClassifier,
  linearProbe,
  neighborScores,
  ridgeScores,
  subset,
  takeRows,
  type Dataset,
  type FeatureTable,
  type FineTuneRecipe,
} from "@beitjs/trainers";
import { makeFolder } from "@beitjs/trainers/node";
import { beitOf } from "../models/from-checkpoint.ts";
import { pauses } from "../program/interrupt.ts";
import type { FeatureSource } from "../probes/sources.ts";
import type { Context } from "../program/command.ts";
import { percent } from "../report/format-number.ts";
import { writeResult } from "../runs/folder.ts";
import { loopOf } from "../runs/stages.ts";
import { trainedCheckpoint } from "../runs/trained-checkpoint.ts";
import { cellName, type Cell, recipeForLabels, type StudyLength, type TrainedWay, type Way } from "./label-plan.ts";

export type CellScore = { readonly accuracy: number; readonly seconds: number; readonly steps?: number };
export type ScoredCell = Cell & CellScore;

/** What the measurements of a study have in common. */
export type Study = {
  readonly out: string;
  readonly backend: Backend;
  readonly beit: Beit;
  readonly head: ClassifierOptions["head"] | undefined;
  readonly train: Dataset;
  readonly test: Dataset;
  readonly recipes: Readonly<Record<TrainedWay, FineTuneRecipe>>;
  readonly length: StudyLength;
  /** Of frozen features, by the names of `featureSources`. */
  readonly sources: readonly FeatureSource[];
  /** Starts of everything drawn: labels of a draw, weights. */
  readonly seed: number;
  readonly keepModels: boolean;
  /** Facts that must be the same when a training goes on. */
  readonly identity: Readonly<Record<string, unknown>>;
  readonly facts: Readonly<Record<string, unknown>>;
};

const neighbors = 20;
const saveEvery = 500;

const sourceOf: Readonly<Record<Exclude<Way, TrainedWay>, FeatureSource["name"]>> = {
  probe: "model",
  neighbors: "model",
  random: "random network",
  pixels: "pixels",
};

/** Scores of all cells; those that are written already are read. */
export async function measureCells(
  study: Study,
  cells: readonly Cell[],
  context: Context,
): Promise<readonly ScoredCell[]> {
  const { terminal, interrupt } = context;
  const scored: ScoredCell[] = [];
  const tables = openTables(study, placesOf(study, cells));
  for (const [i, cell] of cells.entries()) {
    interrupt.check();
    const known = await readScore(study, cell);
    const score = known ?? (await measured(study, cell, tables, context));
    if (!known) {
      await makeFolder(join(study.out, "cells"));
      await writeResult(scorePath(study, cell), `${JSON.stringify(score)}\n`);
      terminal.info(`${i + 1} of ${cells.length}, ${cellName(cell)}: ${percent(score.accuracy)} of test images`);
    }
    scored.push({ ...cell, ...score });
    terminal.event("cell", { ...cell, ...score, known: known !== undefined });
  }
  return scored;
}

/** Which of the cells are written already. */
export async function knownCells(study: Pick<Study, "out">, cells: readonly Cell[]): Promise<readonly Cell[]> {
  const known = await Promise.all(cells.map((cell) => readScore(study, cell)));
  return cells.filter((_, i) => known[i]);
}

async function measured(study: Study, cell: Cell, tables: Tables, context: Context): Promise<CellScore> {
  const { host } = context;
  const began = host.elapsed();
  const { way } = cell;
  const score = isTrained(way)
    ? await trainedScore(study, { ...cell, way }, context)
    : { accuracy: await frozenScore(study, { ...cell, way }, await tables(sourceOf[way]), context) };
  return { ...score, seconds: (host.elapsed() - began) / 1000 };
}

function isTrained(way: Way): way is TrainedWay {
  return way === "pretrained" || way === "scratch";
}

/** Places in the training images that a cell learns from; the same for every way. */
function drawOf({ train, seed }: Pick<Study, "train" | "seed">, { labels, draw }: Cell): readonly number[] {
  if (labels === "all") return Array.from({ length: train.length }, (_, index) => index);
  return drawPerClass(train, labels, seed + draw);
}

type OfWay<Ways extends Way> = Cell & { readonly way: Ways };

async function frozenScore(
  study: Study,
  cell: OfWay<Exclude<Way, TrainedWay>>,
  { rows, train: all, test }: FeatureTables,
  context: Context,
): Promise<number> {
  const { backend, seed } = study;
  const drawn = drawOf(study, cell).map((place) => rows.get(place) as number);
  const train = cell.labels === "all" ? all : takeRows(all, drawn);
  const options = { seed, backend, onStep: pauses(context) };
  const score = {
    probe: () => linearProbe(train, test, options),
    random: () => linearProbe(train, test, options),
    pixels: () => ridgeScores(train, test, options),
    neighbors: () => neighborScores(train, test, { ...options, k: Math.min(neighbors, train.labels.length) }),
  };
  return (await score[cell.way]()).accuracy;
}

async function trainedScore(
  study: Study,
  cell: OfWay<TrainedWay>,
  context: Context,
): Promise<Omit<CellScore, "seconds">> {
  const { backend, beit, head, train, test, keepModels, facts } = study;
  const pretrained = cell.way === "pretrained";
  const images = subset(train, drawOf(study, cell));
  const recipe = recipeForLabels(study.recipes[cell.way], cell, { labels: images.length, length: study.length });
  const from = pretrained ? { from: beit, head } : {};
  const folder = join(study.out, "trainings", cellName(cell));
  const checkpoint = await trainedCheckpoint(
    {
      ...loopOf("fine-tune", { recipe, images, backend, ...from }),
      ...{ folder, resume: "auto", saveEvery, keep: 1, facts, identity: { ...study.identity, cell: cellName(cell) } },
    },
    context,
  );
  const model = beitOf(checkpoint, backend);
  try {
    const { signal } = context.interrupt;
    const { accuracy } = await evaluateClassifier(model, test, { view: recipe.evalView, signal });
    if (!keepModels) await files.rm(join(folder, "checkpoints"), { recursive: true, force: true });
    return { accuracy, steps: checkpoint.manifest.step };
  } finally {
    disposeTree(model.params);
  }
}

type FeatureTables = {
  /** Rows of `train` by their places in the training images. */
  readonly rows: ReadonlyMap<number, number>;
  readonly train: FeatureTable;
  readonly test: FeatureTable;
};
type Tables = (name: FeatureSource["name"]) => Promise<FeatureTables>;

/** Places in the training images that any of the cells learns from. */
function placesOf(study: Study, cells: readonly Cell[]): readonly number[] {
  const draws = new Map(cells.map((cell) => [`${cell.labels}-${cell.draw}`, cell]));
  return [...new Set([...draws.values()].flatMap((cell) => drawOf(study, cell)))].sort((a, b) => a - b);
}

// Those of one source are in memory at a time.
function openTables({ sources, train, test }: Study, places: readonly number[]): Tables {
  const rows = new Map(places.map((place, row) => [place, row]));
  const images = subset(train, places);
  let kept: (FeatureTables & { readonly name: string }) | undefined;
  return async (name) => {
    if (kept?.name === name) return kept;
    kept = undefined;
    const source = sources.find((one) => one.name === name) as FeatureSource;
    const [own] = await source.tables(images, `features of ${name}, to learn from`);
    const [others] = await source.tables(test, `features of ${name}, to measure on`);
    kept = { name, rows, train: own, test: others };
    return kept;
  };
}

function scorePath({ out }: Pick<Study, "out">, cell: Cell): string {
  return join(out, "cells", `${cellName(cell)}.json`);
}

async function readScore(study: Pick<Study, "out">, cell: Cell): Promise<CellScore | undefined> {
  try {
    const score = JSON.parse(await files.readFile(scorePath(study, cell), "utf8")) as CellScore;
    return Number.isFinite(score.accuracy) ? score : undefined;
  } catch {
    return undefined; // not there yet, or half a file of a killed process
  }
}
