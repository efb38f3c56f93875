// Every command, in the order that the help has within a group. Declarations load nothing but the flags.
import type { Command } from "../program/command.ts";
import { ablateCommand } from "./declarations/ablate.ts";
import { attentionCommand } from "./declarations/attention.ts";
import { convertCommand } from "./declarations/convert.ts";
import { dataVerifyCommand } from "./declarations/data-verify.ts";
import { dataViewsCommand } from "./declarations/data-views.ts";
import { demoCommand } from "./declarations/demo.ts";
import { doctorCommand } from "./declarations/doctor.ts";
import { encodeCommand } from "./declarations/encode.ts";
import { evaluateCommand } from "./declarations/evaluate.ts";
import { finetuneCommand } from "./declarations/finetune.ts";
import { inspectCommand } from "./declarations/inspect.ts";
import { featuresCommand } from "./declarations/features.ts";
import { knnCommand } from "./declarations/knn.ts";
import { labelEfficiencyCommand } from "./declarations/label-efficiency.ts";
import { maskCommand } from "./declarations/mask.ts";
import { predictCommand } from "./declarations/predict.ts";
import { pretrainCommand } from "./declarations/pretrain.ts";
import { probeCommand } from "./declarations/probe.ts";
import { recipesCommand } from "./declarations/recipes.ts";
import { recipesShowCommand } from "./declarations/recipes-show.ts";
import { reconstructCommand } from "./declarations/reconstruct.ts";
import { replayCommand } from "./declarations/replay.ts";
import { reportCommand } from "./declarations/report.ts";
import { tokenizeCommand } from "./declarations/tokenize.ts";
import { trainTokenizerCommand } from "./declarations/train-tokenizer.ts";
import { vaeCompareCommand } from "./declarations/vae-compare.ts";
import { watchCommand } from "./declarations/watch.ts";

export const commands: readonly Command[] = [
  dataVerifyCommand,
  dataViewsCommand,
  maskCommand,
  demoCommand,
  recipesCommand,
  recipesShowCommand,
  trainTokenizerCommand,
  pretrainCommand,
  finetuneCommand,
  replayCommand,
  predictCommand,
  encodeCommand,
  tokenizeCommand,
  reconstructCommand,
  evaluateCommand,
  probeCommand,
  knnCommand,
  ablateCommand,
  labelEfficiencyCommand,
  vaeCompareCommand,
  featuresCommand,
  attentionCommand,
  reportCommand,
  watchCommand,
  inspectCommand,
  convertCommand,
  doctorCommand,
];
