// `beit train-tokenizer`: what it is called and takes.
import { backendFlags } from "../../backends/flags.ts";
import { channelsFlag, imageFlags } from "../../images/flags.ts";
import { validationFlags } from "../../runs/validation-flags.ts";
import { recipeFlags, runFlags, trainingFlags } from "../../runs/flags.ts";
import { defineCommand } from "../../program/command.ts";

export const trainTokenizerFlags = {
  ...imageFlags,
  channels: channelsFlag,
  ...recipeFlags("the images"),
  ...runFlags("runs/tokenizer"),
  ...trainingFlags,
  ...validationFlags,
  ...backendFlags,
};

export const trainTokenizerCommand = defineCommand({
  name: "train-tokenizer",
  group: "train",
  summary: "Train a tokenizer (dVAE), or with a recipe of stage gaussian the Gaussian VAE",
  example: "beit train-tokenizer --data photos --epochs 3 --out runs/tokenizer",
  flags: trainTokenizerFlags,
  load: () => import("../train-tokenizer.ts"),
});
