// `beit features`: what it is called and takes.
import { inferenceFlags } from "../../backends/flags.ts";
import { forceFlags } from "../../files/flags.ts";
import { imageSourceFlags } from "../../images/flags.ts";
import { looseFlags, resizingFlags } from "../../models/flags.ts";
import { mostRows } from "../../pictures/most-rows.ts";
import { defineCommand, integer, list, positive, required } from "../../program/command.ts";

export const featuresFlags = {
  model: required("model", "run folder of pretrain or finetune, or a BEiT's file, folder or address"),
  ...imageSourceFlags,
  patch: list(
    "row,col|number",
    "patches to look at, by row and column or by number, row by row from 0: which others are like them, where every head looks",
  ),
  mass: positive(
    "share",
    "of attention, only the patches that hold this share of it, the strongest first: 0.6 in DINO's pictures",
  ),
  layer: integer("number", "block, from 0, whose features and heads are drawn (default: the last)", 0),
  out: required("file.png", `one picture of at most ${mostRows} rows: an image, or a patch of an image`),
  ...forceFlags,
  ...resizingFlags,
  ...looseFlags,
  ...inferenceFlags,
};

export const featuresCommand = defineCommand({
  name: "features",
  group: "study",
  summary: "Draw what a model makes of patches: their features as colors, what is alike, what is attended to",
  example: "beit features runs/pretrain --images cat.jpg dog.jpg --patch 4,1 --out features.png",
  argument: "model",
  flags: featuresFlags,
  load: () => import("../features.ts"),
});
