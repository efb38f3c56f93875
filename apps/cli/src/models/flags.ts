// The flags that say how a model is read.
import { choice, integer, toggle } from "../program/command.ts";

export const resizingFlags = {
  imageSize: integer("pixels", "side of the images, if not the model's own: positions are resized", 1),
  tableResizing: choice(
    ["auto", "geometric-cubic", "geometric-linear", "bilinear"],
    "how tables of relative positions are resized; auto: as the model's origin does (unilm, timm, transformers)",
    "auto",
  ),
};

export const looseFlags = {
  heads: integer("count", "attention heads, where neither the file nor a width of 64 a head tells", 1),
  allowUnexpected: toggle("leave aside tensors that are no part of a BEiT, instead of refusing the file"),
};

export const tokenizerFlags = {
  tokenSize: integer(
    "pixels",
    "side of the images for a tokenizer that is not ours (default: 112, as BEiT uses them)",
    1,
  ),
};
