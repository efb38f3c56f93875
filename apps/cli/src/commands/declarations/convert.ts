// `beit convert`: what it is called and takes.
import { backendFlags } from "../../backends/flags.ts";
import { forceFlags } from "../../files/flags.ts";
import { formats } from "../../convert/format-names.ts";
import { resizingFlags, looseFlags, tokenizerFlags } from "../../models/flags.ts";
import { defineCommand, choice, optional, required, toggle } from "../../program/command.ts";

export const convertFlags = {
  model: required("model", "run folder, file of weights, model folder or address"),
  decoder: optional("file", "OpenAI's decoder.pkl, if the model is its encoder.pkl"),
  to: choice(formats, "format; unilm: the parameter names of the original code", "beitjs"),
  out: required("folder", "where the files go"),
  onnxOutput: choice(["logits", "features"], "of a BEiT as ONNX: what the head says, or its features", "logits"),
  labels: optional("file", "names of the classes, one a line"),
  openSize: toggle(
    "of ONNX: images of any size, positions resized as the model's origin does; up to 128 patches a side",
  ),
  half: toggle(
    "parameters in 16 bits, half the size; with --to beitjs or onnx, which computes in float32 all the same",
  ),
  ...forceFlags,
  ...resizingFlags,
  ...looseFlags,
  ...tokenizerFlags,
  ...backendFlags,
};

export const convertCommand = defineCommand({
  name: "convert",
  group: "models",
  summary: "Write a model in another format: ours, Hugging Face's, the original's names, ONNX",
  example: "beit convert runs/finetune --to hugging-face --out my-beit",
  argument: "model",
  flags: convertFlags,
  load: () => import("../convert.ts"),
});
