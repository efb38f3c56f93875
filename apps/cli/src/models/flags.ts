// The flags that say how a model is read.
import { choice, imageSize, integer, toggle } from "../program/command.ts";

export const resizingFlags = {
  imageSize: imageSize("size of the images, 224 or 384x640, if not the model's own: positions are resized"),
  tableResizing: choice(
    ["auto", "geometric-cubic", "geometric-linear", "bilinear"],
    "how tables of relative positions are resized; auto: as the model's origin does (unilm, timm, transformers)",
    "auto",
  ),
};

export const looseFlags = {
  weights: choice(
    ["auto", "average", "raw"],
    "of a file with averaged weights beside those of the last step; auto: as the model's origin does (timm: average)",
    "auto",
  ),
  normalization: choice(
    ["auto", "imagenet", "half"],
    "mean and std of the images, ImageNet's or 0.5; auto: as the model's files say, or by what it is recognized as",
    "auto",
  ),
  heads: integer("count", "attention heads, where neither the file nor a width of 64 a head tells", 1),
  allowUnexpected: toggle("leave aside tensors that are no part of a BEiT, instead of refusing the file"),
};

export const tokenizerFlags = {
  tokenSize: imageSize("size of the images for a tokenizer that is not ours (default: 112, as BEiT uses them)"),
};
