// `beit pretrain`: what it is called and takes.
import { backendFlags } from "../../backends/flags.ts";
import { looseFlags } from "../../models/flags.ts";
import { imageFlags } from "../../images/flags.ts";
import { validationFlags } from "../../runs/validation-flags.ts";
import { recipeFlags, runFlags, trainingFlags, blockFlags } from "../../runs/flags.ts";
import { defineCommand, optional } from "../../program/command.ts";

export const pretrainFlags = {
  ...imageFlags,
  tokenizer: optional(
    "model",
    "run folder of train-tokenizer, a tokenizer's file or address (OpenAI's encoder.pkl), or small, which comes along; recipes that predict pixels take none",
  ),
  from: optional(
    "model",
    "go on from a trained BEiT, ours or others': its encoder, and its head where it has as many tokens",
  ),
  ...recipeFlags("the tokenizer"),
  ...runFlags("runs/pretrain"),
  ...trainingFlags,
  ...validationFlags,
  ...blockFlags,
  ...looseFlags,
  ...backendFlags,
};

export const pretrainCommand = defineCommand({
  name: "pretrain",
  group: "train",
  summary: "Pre-train a BEiT: predict the visual tokens, or the pixels, of masked patches",
  example: "beit pretrain --data photos --tokenizer runs/tokenizer --out runs/pretrain",
  flags: pretrainFlags,
  load: () => import("../pretrain.ts"),
});
