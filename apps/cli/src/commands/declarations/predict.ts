// `beit predict`: what it is called and takes.
import { inferenceFlags } from "../../backends/flags.ts";
import { forceFlags } from "../../files/flags.ts";
import { resizingFlags, looseFlags, tokenizerFlags } from "../../models/flags.ts";
import { imageSourceFlags } from "../../images/flags.ts";
import { hidingFlags, maskFlag } from "../../masked/flags.ts";
import { mostRows } from "../../pictures/most-rows.ts";
import { defineCommand, integer, list, optional, required } from "../../program/command.ts";

export const predictFlags = {
  model: required("model", "run folder of finetune or pretrain, or a model's file, folder or address"),
  ...imageSourceFlags,
  top: integer("count", "most likely classes to tell (of several labels an image: all above 0.5)", 1, 5),
  labels: optional("file.txt", "names of the classes, one a line (default: the model's own, else class numbers)"),
  mask: maskFlag("as in its training, or the paper's"),
  ...hidingFlags,
  patches: optional("list", "of a pre-training model: the patches to hide by number, row by row from 0: 3,4,10-20"),
  tokenizer: list("model", "of a pre-training model: its tokenizer, or small (default: the one it was trained with)"),
  out: optional(
    "file",
    ".json or .csv (default: stdout, as tables, with --json as events); of a pre-training model a folder for a picture an " +
      `image, .png for one of at most ${mostRows} images, or .json`,
  ),
  ...forceFlags,
  ...resizingFlags,
  ...looseFlags,
  ...tokenizerFlags,
  ...inferenceFlags,
};

export const predictCommand = defineCommand({
  name: "predict",
  group: "use",
  summary: "Tell what is in images with a classifier, or fill their hidden patches with a pre-trained model",
  example: "beit predict runs/finetune --images cat.jpg dog.jpg --top 3",
  argument: "model",
  flags: predictFlags,
  load: () => import("../predict.ts"),
});
