// Every command, in the order of the help.
import type { Command } from "../program/command.ts";
import { attentionCommand } from "./attention.ts";
import { convertCommand } from "./convert.ts";
import { dataVerifyCommand } from "./data-verify.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { encodeCommand } from "./encode.ts";
import { evaluateCommand } from "./evaluate.ts";
import { finetuneCommand } from "./finetune.ts";
import { inspectCommand } from "./inspect.ts";
import { predictCommand } from "./predict.ts";
import { pretrainCommand } from "./pretrain.ts";
import { reconstructCommand } from "./reconstruct.ts";
import { tokenizeCommand } from "./tokenize.ts";
import { trainTokenizerCommand } from "./train-tokenizer.ts";

export const commands: readonly Command[] = [
  doctorCommand,
  dataVerifyCommand,
  trainTokenizerCommand,
  tokenizeCommand,
  pretrainCommand,
  finetuneCommand,
  evaluateCommand,
  predictCommand,
  encodeCommand,
  reconstructCommand,
  attentionCommand,
  inspectCommand,
  convertCommand,
  demoCommand,
];
