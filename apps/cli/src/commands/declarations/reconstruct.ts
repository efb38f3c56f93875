// `beit reconstruct`: what it is called and takes.
import { inferenceFlags } from "../../backends/flags.ts";
import { forceFlags } from "../../files/flags.ts";
import { tokenizerFlags } from "../../models/flags.ts";
import { imageSourceFlags } from "../../images/flags.ts";
import { mostRows } from "../../pictures/most-rows.ts";
import { defineCommand, integer, list, optional, range, required, toggle } from "../../program/command.ts";

export const reconstructFlags = {
  tokenizer: list("model", "run folder of train-tokenizer, a tokenizer's files (encoder.pkl decoder.pkl), or small", {
    required: true,
  }),
  ...imageSourceFlags,
  images: list("path", "image files, or folders as for training"),
  tokens: optional("file", "instead of images: .safetensors or .json of beit tokenize, to be decoded"),
  samples: range(
    "1 to 256",
    "instead of images: so many draws from the prior, uniform tokens or normal latents",
    1,
    256,
  ),
  interpolate: toggle("of two images: the way between them, in a Gaussian VAE's latents"),
  seed: integer("number", "of --samples", 0, 0),
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
