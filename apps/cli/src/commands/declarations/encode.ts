// `beit encode`: what it is called and takes.
import { inferenceFlags } from "../../backends/flags.ts";
import { forceFlags } from "../../files/flags.ts";
import { resizingFlags, looseFlags } from "../../models/flags.ts";
import { imageSourceFlags } from "../../images/flags.ts";
import { defineCommand, choice, integer, required } from "../../program/command.ts";

export const encodeFlags = {
  model: required("model", "run folder of pretrain or finetune, or a BEiT's file, folder or address"),
  ...imageSourceFlags,
  out: required("file", ".safetensors (tensor `features`, the images' names in the metadata) or .npy"),
  ...forceFlags,
  output: choice(
    ["pooled", "patches", "tokens"],
    "pooled: what a class head sees or would see (the mean of the patches or the class token, normalized), of models " +
      "without a norm the mean of the patches [B, D]; patches: every patch [B, N, D]; tokens: the class token " +
      "and every patch [B, N+1, D]; patches and tokens without a norm",
    "pooled",
  ),
  layer: integer("number", "block, from 0, whose output to take, without any norm (default: the last)", 0),
  ...resizingFlags,
  ...looseFlags,
  ...inferenceFlags,
};

export const encodeCommand = defineCommand({
  name: "encode",
  group: "use",
  summary: "Turn images into features",
  example: "beit encode runs/pretrain --images photos --out features.safetensors",
  argument: "model",
  flags: encodeFlags,
  load: () => import("../encode.ts"),
});
