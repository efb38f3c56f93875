// `beit attention`: what it is called and takes.
import { inferenceFlags } from "../../backends/flags.ts";
import { forceFlags } from "../../files/flags.ts";
import { resizingFlags, looseFlags } from "../../models/flags.ts";
import { decodingFlags } from "../../images/flags.ts";
import { defineCommand, integer, required } from "../../program/command.ts";

export const attentionFlags = {
  model: required("model", "run folder of pretrain or finetune, or a BEiT's file, folder or address"),
  image: required("file", "the image"),
  patch: required("row,col|number", "the patch that looks, by row and column or by its number, row by row from 0"),
  layer: integer("number", "block, from 0 (default: the last)", 0),
  head: integer("number", "attention head, from 0 (default: the mean of all)", 0),
  out: required("file.png", "the picture"),
  ...forceFlags,
  ...decodingFlags,
  ...resizingFlags,
  ...looseFlags,
  ...inferenceFlags,
};

export const attentionCommand = defineCommand({
  name: "attention",
  group: "study",
  summary: "Draw what a patch attends to",
  example: "beit attention runs/pretrain --image cat.jpg --patch 3,5 --out attention.png",
  argument: "model",
  flags: attentionFlags,
  load: () => import("../attention.ts"),
});
