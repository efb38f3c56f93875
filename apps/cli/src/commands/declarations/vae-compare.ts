// `beit vae-compare`: what it is called and takes.
import { inferenceFlags } from "../../backends/flags.ts";
import { forceFlags } from "../../files/flags.ts";
import { imageSourceFlags } from "../../images/flags.ts";
import { tokenizerFlags } from "../../models/flags.ts";
import { mostRows } from "../../pictures/most-rows.ts";
import { defineCommand, list, required } from "../../program/command.ts";

export const vaeCompareFlags = {
  models: list("path...", "two of: a run of train-tokenizer (discrete or Gaussian), a tokenizer's file, or small", {
    required: true,
  }),
  ...imageSourceFlags,
  out: required("file.png", `picture of at most ${mostRows} images: each, then what either makes of it`),
  ...forceFlags,
  ...tokenizerFlags,
  ...inferenceFlags,
};

export const vaeCompareCommand = defineCommand({
  name: "vae-compare",
  group: "study",
  summary: "Set two tokenizers, discrete or Gaussian, side by side on the same images, with their figures",
  example: "beit vae-compare runs/tokenizer small --images photos --out vaes.png",
  argument: "models",
  flags: vaeCompareFlags,
  load: () => import("../vae-compare.ts"),
});
