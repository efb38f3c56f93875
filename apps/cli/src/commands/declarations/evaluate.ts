// `beit evaluate`: what it is called and takes.
import { inferenceFlags } from "../../backends/flags.ts";
import { forceFlags } from "../../files/flags.ts";
import { imageFlags } from "../../images/flags.ts";
import { looseFlags, resizingFlags, tokenizerFlags } from "../../models/flags.ts";
import { defineCommand, choice, integer, optional, required } from "../../program/command.ts";

export const evaluateFlags = {
  model: required("model", "run folder, file of weights, model folder or address"),
  ...imageFlags,
  split: choice(["auto", "train", "val", "test"], "part of the data; auto: test where there is one, else val", "auto"),
  tokenizer: optional(
    "model",
    "for a pre-trained BEiT: its tokenizer, or small (default: the one it was trained with)",
  ),
  decoder: optional("file", "OpenAI's decoder.pkl, if the model is its encoder.pkl"),
  labels: optional(
    "file.txt",
    "names of the classes, one a line, to match those of the data (default: the model's own)",
  ),
  batch: integer("count", "images at a time (default: 100 of a run, 16 of other models)", 1),
  out: optional(
    "file|folder",
    "write the figures as .json, .csv (by class) or .html (a page with the worst mistakes as pictures); all three into a folder",
  ),
  ...forceFlags,
  ...resizingFlags,
  ...looseFlags,
  ...tokenizerFlags,
  ...inferenceFlags,
};

export const evaluateCommand = defineCommand({
  name: "evaluate",
  group: "study",
  summary: "Measure what a model can do, whatever it is, on images",
  example: "beit evaluate runs/finetune --data photos",
  argument: "model",
  flags: evaluateFlags,
  load: () => import("../evaluate.ts"),
});
