// `beit reconstruct`: what it is called and takes.
import { inferenceFlags } from "../../backends/flags.ts";
import { forceFlags } from "../../files/flags.ts";
import { tokenizerFlags } from "../../models/flags.ts";
import { imageSourceFlags } from "../../images/flags.ts";
import { mostRows } from "../../pictures/most-rows.ts";
import { defineCommand, list, optional, required } from "../../program/command.ts";

export const reconstructFlags = {
  tokenizer: list("model", "run folder of train-tokenizer, a tokenizer's files (encoder.pkl decoder.pkl), or small", {
    required: true,
  }),
  ...imageSourceFlags,
  images: list("path", "image files, or folders as for training"),
  tokens: optional("file", "instead of images: .safetensors or .json of beit tokenize, to be decoded"),
  out: required("dir|file.png", `a picture an image in a folder, or one picture of at most ${mostRows} images`),
  ...forceFlags,
  ...tokenizerFlags,
  ...inferenceFlags,
};

export const reconstructCommand = defineCommand({
  name: "reconstruct",
  group: "use",
  summary: "Show what a tokenizer makes of images, or of visual tokens",
  example: "beit reconstruct --tokenizer runs/tokenizer --images cat.jpg dog.jpg --out reconstructions",
  flags: reconstructFlags,
  load: () => import("../reconstruct.ts"),
});
