// `beit finetune`: what it is called and takes.
import { backendFlags } from "../../backends/flags.ts";
import { looseFlags } from "../../models/flags.ts";
import { channelsFlag, imageFlags } from "../../images/flags.ts";
import { validationFlags } from "../../runs/validation-flags.ts";
import { recipeFlags, runFlags, trainingFlags, blockFlags } from "../../runs/flags.ts";
import { defineCommand, integer, optional, toggle } from "../../program/command.ts";

export const finetuneFlags = {
  ...imageFlags,
  channels: channelsFlag,
  from: optional(
    "model",
    "run folder of pretrain, or a BEiT's file, folder or address; the recipe takes its sizes (--set view.size=384 resizes it)",
  ),
  scratch: toggle("start from fresh weights instead, for comparison"),
  labelsPerClass: integer("count", "learn from so many images of every class (default: from all)", 1),
  ...recipeFlags("the model, or with --scratch by the images"),
  ...runFlags("runs/finetune"),
  ...trainingFlags,
  ...validationFlags,
  ...blockFlags,
  ...looseFlags,
  ...backendFlags,
};

export const finetuneCommand = defineCommand({
  name: "finetune",
  group: "train",
  summary: "Fine-tune a pre-trained BEiT into a classifier, or train one from scratch",
  example: "beit finetune --data photos --from runs/pretrain --labels-per-class 10 --out runs/finetune",
  flags: finetuneFlags,
  load: () => import("../finetune.ts"),
});
