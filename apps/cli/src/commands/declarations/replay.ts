// `beit replay`: what it is called and takes.
import { backendFlags } from "../../backends/flags.ts";
import { defineCommand, integer, optional, required } from "../../program/command.ts";

export const replayFlags = {
  run: required("run", "run folder of a training that ended with a loss or a gradient that is not finite"),
  tokenizer: optional("model", "of pre-training: the tokenizer, if it is not where it was any more"),
  before: integer("count", "tensors to show before the first that is not finite", 0, 8),
  ...backendFlags,
};

export const replayCommand = defineCommand({
  name: "replay",
  group: "train",
  summary: "Make the step again whose loss was not finite, and show tensor by tensor where it began",
  example: "beit replay runs/finetune",
  argument: "run",
  flags: replayFlags,
  load: () => import("../replay.ts"),
});
