// `beit label-efficiency`: what it is called and takes.
import { InvalidArgumentError } from "commander";
import { backendFlags } from "../../backends/flags.ts";
import { imageFlags } from "../../images/flags.ts";
import { looseFlags } from "../../models/flags.ts";
import { choice, defaulted, defineCommand, integer, optional, required, toggle } from "../../program/command.ts";
import type { LabelCount } from "../../studies/label-plan.ts";
import { changeFlags, recipeNames, takeOverFlags } from "../../runs/flags.ts";

function parseCounts(text: string): readonly LabelCount[] {
  const counts = text.split(",").map((one) => (one === "all" ? "all" : Number(one)));
  if (counts.every((count) => count === "all" || (Number.isSafeInteger(count) && count >= 1))) return counts;
  throw new InvalidArgumentError("Expected numbers of at least 1 and all, such as 1,10,100,all.");
}

export const labelEfficiencyFlags = {
  model: required("model", "run folder of pretrain, or a BEiT's file, folder or address"),
  ...imageFlags,
  split: choice(
    ["auto", "train", "val", "test"],
    "part to measure on; auto: test where there is one, else val, else a fifth that is set aside of the other",
    "auto",
  ),
  testData: optional("dir", "images to measure on, of another folder than --data"),
  labels: {
    value: "counts",
    description: "labels a class to learn from (default: 1,2,5,10,50,100,all, as far as there are so many)",
    fallback: undefined as readonly LabelCount[] | undefined,
    parse: parseCounts,
  },
  draws: integer("count", "draws of labels, the same for every way; all labels are one draw", 1, 3),
  recipe: optional(
    "name|file",
    `fine-tuning of the pre-trained network: a name (${recipeNames.filter((name) => name.startsWith("fine-tune")).join(", ")}), or a file (default: by the model, with a length by the number of labels)`,
  ),
  scratchRecipe: optional("name|file", "training from scratch (default: by --recipe, all layers at one rate, longer)"),
  ...changeFlags,
  steps: integer("count", "updates of every training at least, in whole epochs, in the place of a length by labels", 1),
  block: integer("number", "block, from 0, that probe and neighbors are of (default: at 3/4 of the depth)", 0),
  pooling: choice(["mean", "class", "both"], "of a block's tokens, for probe and neighbors", "mean"),
  batch: integer("count", "images at a time when features are taken", 1, 32),
  keepModels: toggle("keep the last checkpoint of every training, not its figures alone"),
  out: defaulted("dir", "folder of the study; the same command goes on in it", "runs/label-efficiency"),
  ...takeOverFlags,
  ...looseFlags,
  ...backendFlags,
};

export const labelEfficiencyCommand = defineCommand({
  name: "label-efficiency",
  group: "study",
  summary: "Show what pre-training is worth by the number of labels: against scratch, probes, neighbors and pixels",
  example: "beit label-efficiency runs/pretrain --data photos --labels 1,10,all",
  argument: "model",
  flags: labelEfficiencyFlags,
  load: () => import("../label-efficiency.ts"),
});
