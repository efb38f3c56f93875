// Every command, in the order of the help.
import type { Command } from "../command.ts";
import { attentionCommand } from "./attention.ts";
import { dataVerifyCommand } from "./data-verify.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { evaluateCommand } from "./evaluate.ts";
import { finetuneCommand } from "./finetune.ts";
import { pretrainCommand } from "./pretrain.ts";
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
  attentionCommand,
  demoCommand,
];
