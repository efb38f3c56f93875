// `beit evaluate`: what it is called and takes.
import { inferenceFlags } from "../../backends/flags.ts";
import { looseFlags } from "../../models/flags.ts";
import { imageFlags } from "../../images/flags.ts";
import { defineCommand, choice, optional, required } from "../../program/command.ts";

export const evaluateFlags = {
  checkpoint: required("checkpoint", "checkpoint or run folder"),
  ...imageFlags,
  split: choice(["auto", "train", "val", "test"], "part of the data; auto: test where there is one, else val", "auto"),
  tokenizer: optional(
    "model",
    "for a pre-trained BEiT: its tokenizer, or small (default: the one it was trained with)",
  ),
  out: optional(
    "file|folder",
    "write the figures as .json, .csv (by class) or .html (a page with the worst mistakes as pictures); all three into a folder",
  ),
  weights: looseFlags.weights,
  ...inferenceFlags,
};

export const evaluateCommand = defineCommand({
  name: "evaluate",
  summary: "Measure what a training left, whatever it was, on images",
  example: "beit evaluate runs/finetune --data photos",
  argument: "checkpoint",
  flags: evaluateFlags,
  load: () => import("../evaluate.ts"),
});
