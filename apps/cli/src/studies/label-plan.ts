// Which measurements a study of few labels is made of, and the recipes of its trainings: each number of labels has a length of its own.
import { stepsPerEpoch, tooLong, runLength, type Dataset, type FineTuneRecipe } from "@beitjs/trainers";
import { fitBatch } from "../demo/settings.ts";
import { smallestClass } from "../images/parts.ts";
import { usageError } from "../program/exit-codes.ts";

/** Images of a class that are learned from. */
export type LabelCount = number | "all";

/** Ways to a classifier, as results call them: two trainings, the others of frozen features. */
export const trainedWays = ["pretrained", "scratch"] as const;
const frozenWays = ["probe", "neighbors", "random", "pixels"] as const;
export const ways = [...trainedWays, ...frozenWays] as const;
export type TrainedWay = (typeof trainedWays)[number];
export type Way = (typeof ways)[number];

/** One measurement. */
export type Cell = { readonly way: Way; readonly labels: LabelCount; readonly draw: number };

const usualCounts: readonly LabelCount[] = [1, 2, 5, 10, 50, 100, "all"];

export function cellName({ way, labels, draw }: Cell): string {
  return `${way}-${labels}-${draw}`;
}

/**
 * The numbers of labels, few first. Of the usual ones those that the smallest class does not have are left out.
 *
 * @throws a usage error for one that was asked for and is not there
 */
export function chosenCounts(asked: readonly LabelCount[] | undefined, images: Dataset): readonly LabelCount[] {
  const smallest = smallestClass(images);
  const order = (count: LabelCount) => (count === "all" ? Infinity : count);
  const counts = [...new Set(asked ?? usualCounts)].sort((a, b) => order(a) - order(b));
  const beyond = counts.find((count) => count !== "all" && count > smallest);
  if (asked && beyond !== undefined)
    throw usageError(`--labels ${beyond}: expected at most ${smallest}, the images of the smallest class, or all`);
  return counts.filter((count) => count === "all" || count <= smallest);
}

/** All measurements, in the order in which they are made. All labels are one draw. */
export function cellsOf(counts: readonly LabelCount[], draws: number): readonly Cell[] {
  const drawn = (labels: LabelCount) => Array.from({ length: labels === "all" ? 1 : draws }, (_, draw) => draw);
  const all = (way: Way) => counts.flatMap((labels) => drawn(labels).map((draw) => ({ way, labels, draw })));
  // What takes seconds comes first; pairs of trainings side by side.
  const pairs = all("pretrained").flatMap((cell) => trainedWays.map((way) => ({ ...cell, way })));
  return [...frozenWays.flatMap(all), ...pairs];
}

/** How long trainings are: as suits the number of labels, as the recipe says, or so many updates each. */
export type StudyLength = "by labels" | "recipe" | { readonly steps: number };

// Images that a training sees, in passes over its labels within bounds; from scratch it takes longer to get as far.
const usualPasses = 60;
const [fewestSeen, mostSeen] = [4_000, 40_000];
const fewestPasses = 2;
const scratchFactor = 1.5;
const largerBatch = { from: 400, size: 64 };

/** A training's recipe for so many labels; the draw gives its seed. */
export function recipeForLabels(
  base: FineTuneRecipe,
  { way, draw }: { readonly way: TrainedWay; readonly draw: number },
  { labels, length }: { readonly labels: number; readonly length: StudyLength },
): FineTuneRecipe {
  const seeded = { ...base, seed: base.seed + draw };
  if (length === "recipe") return fitBatch(seeded, labels, base.epochs);
  const byLabels = length === "by labels";
  const batchSize =
    byLabels && labels >= largerBatch.from ? Math.max(largerBatch.size, base.batchSize) : base.batchSize;
  const fitted = fitBatch({ ...seeded, batchSize }, labels, 1);
  const perEpoch = stepsPerEpoch({ length: labels }, fitted);
  const epochs = Math.ceil((byLabels ? usualSteps(labels, fitted.batchSize, way) : length.steps) / perEpoch);
  return withShares({ ...fitted, epochs }, base.epochs);
}

function usualSteps(labels: number, batchSize: number, way: TrainedWay): number {
  const seen = Math.max(fewestPasses * labels, Math.min(mostSeen, Math.max(fewestSeen, usualPasses * labels)));
  return ((way === "scratch" ? scratchFactor : 1) * seen) / batchSize;
}

// A warm-up in epochs is of the recipe's length, not of this one.
function withShares(recipe: FineTuneRecipe, epochs: number): FineTuneRecipe {
  const { learningRate } = recipe;
  const { warmup } = learningRate;
  if (!("epochs" in warmup)) return recipe;
  return { ...recipe, learningRate: { ...learningRate, warmup: { share: Math.min(1, warmup.epochs / epochs) } } };
}

/** The same network's recipe from scratch, where no recipe of ours is made for it: layers that know nothing all learn alike. */
export function scratchOf(recipe: FineTuneRecipe): FineTuneRecipe {
  return { ...recipe, layerDecay: 1 };
}

/** @throws a usage error for a schedule that is longer than its training */
export function refuseTooLong(recipe: FineTuneRecipe, labels: number): void {
  const fault = tooLong(recipe, runLength(recipe, { length: labels }));
  if (fault !== undefined) throw usageError(`trainings of ${labels} labels: ${fault}`);
}
