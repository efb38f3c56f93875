// `beit ablate`: what it is called and takes.
import { backendFlags } from "../../backends/flags.ts";
import { imageFlags } from "../../images/flags.ts";
import { blockFlags, changeFlags, recipeNames, takeOverFlags } from "../../runs/flags.ts";
import { choice, defaulted, defineCommand, integer, list, optional } from "../../program/command.ts";

export const ablateFlags = {
  ...imageFlags,
  split: choice(
    ["auto", "train", "val", "test"],
    "part of the data to measure on; auto: test where there is one, else val, else a fifth that is set aside of the other",
    "auto",
  ),
  tokenizer: optional("model", "tokenizer of all rows, as pretrain takes it (default: one is trained first)"),
  tokenizerRecipe: optional("name|file", "recipe of the tokenizer that is trained (default: by the images)"),
  tokenizerEpochs: integer("count", "passes over the images of that training", 1),
  rows: list("name", "rows of the table to run, by the names of the recipes ablation-… (default: all six)"),
  seeds: integer("count", "runs of every row, by --seed and the numbers after it", 1, 3),
  recipe: optional(
    "name|file",
    `pre-training in BEiT's own way, of which rows change a thing or two: a name (${recipeNames.filter((name) => name.startsWith("pretrain")).join(", ")}), or a file (default: by the tokenizer)`,
  ),
  ...changeFlags,
  steps: integer("count", "updates of every run at least, in whole epochs, in the place of --epochs", 1),
  labelsPerClass: integer("count", "images a class of which few labels are learned", 1, 10),
  tries: integer("count", "draws of few labels", 1, 5),
  batch: integer("count", "images at a time when features are taken", 1, 32),
  out: defaulted("dir", "folder of the runs, ablation.json and ablation.html", "runs/ablation"),
  saveEvery: integer("steps", "steps between checkpoints", 1, 500),
  ...takeOverFlags,
  ...blockFlags,
  ...backendFlags,
};

export const ablateCommand = defineCommand({
  name: "ablate",
  group: "study",
  summary: "Run the paper's ablation on your images: six ways to pre-train, several seeds, one table",
  example: "beit ablate --data photos --tokenizer small --seeds 3 --out runs/ablation",
  flags: ablateFlags,
  load: () => import("../ablate.ts"),
});
