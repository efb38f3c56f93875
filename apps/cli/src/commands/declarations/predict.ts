// `beit predict`: what it is called and takes.
import { inferenceFlags } from "../../backends/flags.ts";
import { forceFlags } from "../../files/flags.ts";
import { resizingFlags, looseFlags } from "../../models/flags.ts";
import { imageSourceFlags } from "../../images/flags.ts";
import { defineCommand, integer, optional, required } from "../../program/command.ts";

export const predictFlags = {
  model: required("model", "run folder of finetune, or a classifier's file, folder or address"),
  ...imageSourceFlags,
  top: integer("count", "most likely classes to tell (of several labels an image: all above 0.5)", 1, 5),
  labels: optional("file.txt", "names of the classes, one a line (default: the model's own, else class numbers)"),
  out: optional("file", ".json or .csv (default: stdout, as tables, with --json as events)"),
  ...forceFlags,
  ...resizingFlags,
  ...looseFlags,
  ...inferenceFlags,
};

export const predictCommand = defineCommand({
  name: "predict",
  summary: "Tell what is in images, with a classifier",
  example: "beit predict runs/finetune --images cat.jpg dog.jpg --top 3",
  argument: "model",
  flags: predictFlags,
  load: () => import("../predict.ts"),
});
