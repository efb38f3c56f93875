// The trainings of a study of few labels: the schedule of each, what is told of them before they begin, and what is refused.
import { requireLabels, runLength, type FineTuneRecipe } from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import { tellPlan } from "../runs/plan.ts";
import type { Study } from "./label-cells.ts";
import {
  recipeForLabels,
  refuseTooLong,
  trainedWays,
  type Cell,
  type LabelCount,
  type TrainedWay,
} from "./label-plan.ts";

export function trainings(cells: readonly Cell[]): readonly (Cell & { readonly way: TrainedWay })[] {
  return cells.filter((cell): cell is Cell & { readonly way: TrainedWay } =>
    (trainedWays as readonly string[]).includes(cell.way),
  );
}

function labelsOf({ train }: Pick<Study, "train">, labels: LabelCount): number {
  return labels === "all" ? train.length : labels * requireLabels(train).length;
}

function recipeOfCell(study: Study, cell: Cell & { readonly way: TrainedWay }): FineTuneRecipe {
  const labels = labelsOf(study, cell.labels);
  return recipeForLabels(study.recipes[cell.way], cell, { labels, length: study.length });
}

export function refuseSchedules(study: Study, cells: readonly Cell[]): void {
  for (const cell of trainings(cells)) refuseTooLong(recipeOfCell(study, cell), labelsOf(study, cell.labels));
}

export function tellStudy(study: Study, cells: readonly Cell[], known: readonly Cell[], { terminal }: Context): void {
  const left = cells.filter((cell) => !known.includes(cell));
  const seen = trainings(left).reduce((sum, cell) => {
    const recipe = recipeOfCell(study, cell);
    const { totalSteps } = runLength(recipe, { length: labelsOf(study, cell.labels) });
    return sum + totalSteps * recipe.batchSize;
  }, 0);
  const toTrain = trainings(left).length;
  const done = known.length > 0 ? `${known.length} of ${cells.length} measurements are there; left: ` : "";
  terminal.info(
    `study: ${done}${toTrain} trainings, half of them from scratch, of ${seen.toLocaleString("en-US")} images in all, and ` +
      `${left.length - toTrain} measurements of frozen features`,
  );
  terminal.event("study", { cells: cells.length, known: known.length, trainings: toTrain, images: seen });
}

// Memory is asked for before hours have passed.
export async function tellLargest(study: Study, cells: readonly Cell[], context: Context): Promise<void> {
  const largest = trainings(cells)
    .map((cell) => ({
      recipe: recipeOfCell(study, cell),
      images: { ...study.train, length: labelsOf(study, cell.labels) },
    }))
    .reduce((a, b) => (b.recipe.batchSize > a.recipe.batchSize ? b : a));
  await tellPlan({ ...largest, backend: study.backend, from: study.beit }, context, {
    microBatches: false,
    recompute: false,
  });
}
