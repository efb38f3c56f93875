// `beit tokenize`: what it is called and takes.
import { inferenceFlags } from "../../backends/flags.ts";
import { forceFlags } from "../../files/flags.ts";
import { decodingFlags } from "../../images/flags.ts";
import { tokenizerFlags } from "../../models/flags.ts";
import { defineCommand, list, optional, required, toggle } from "../../program/command.ts";

export const tokenizeFlags = {
  tokenizer: required(
    "model",
    "run folder of train-tokenizer, a tokenizer's file or address (OpenAI's encoder.pkl), or small, which comes along",
  ),
  data: list("path", "image files, or folders as for training", { required: true }),
  out: optional("file", ".safetensors or .json (default: stdout, as grids on a terminal, as JSON lines elsewhere)"),
  ...forceFlags,
  skipBad: toggle("leave images out that cannot be read, instead of stopping"),
  ...decodingFlags,
  ...tokenizerFlags,
  ...inferenceFlags,
};

export const tokenizeCommand = defineCommand({
  name: "tokenize",
  group: "use",
  summary: "Turn images into visual tokens",
  example: "beit tokenize --tokenizer runs/tokenizer --data cat.jpg dog.jpg --out tokens.json",
  flags: tokenizeFlags,
  load: () => import("../tokenize.ts"),
});
