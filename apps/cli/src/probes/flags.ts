// The flags of commands that measure what frozen features are worth.
import { InvalidArgumentError } from "commander";
import { inferenceFlags } from "../backends/flags.ts";
import { forceFlags } from "../files/flags.ts";
import { imageFlags } from "../images/flags.ts";
import { looseFlags, resizingFlags } from "../models/flags.ts";
import { choice, integer, optional, required, toggle, type Flag } from "../program/command.ts";

/** Blocks by their numbers from 0, or by a word that a depth gives a meaning. */
export type LayerChoice = "all" | "middle" | "last" | readonly number[];

/** Which blocks; with a usual answer. */
export function layersFlag(fallback: "all" | "middle"): Flag<LayerChoice> {
  return {
    value: "all|middle|last|numbers",
    description:
      "blocks, from 0, whose outputs to take: 8, or 6,8; all are computed in one pass; middle: at 3/4 of the depth",
    fallback,
    parse: parseLayers,
  };
}

function parseLayers(text: string): LayerChoice {
  if (text === "all" || text === "middle" || text === "last") return text;
  if (/^\d+(,\d+)*$/.test(text)) return text.split(",").map(Number);
  throw new InvalidArgumentError("Expected all, middle, last, or numbers of blocks from 0 such as 8 or 6,8.");
}

/** Learning rates, parted by commas. */
export const ratesFlag: Flag<readonly number[] | undefined> = {
  value: "numbers",
  description:
    "with --method sgd: peaks of the learning rate, tried at once (default: 4e-4,1e-3,4e-3,1e-2,4e-2; the paper: 4e-3); a held-out " +
    "fifth chooses; with one nothing is held out",
  parse: (text) => {
    const rates = text.split(",").map(Number);
    if (rates.every((rate) => Number.isFinite(rate) && rate > 0) && new Set(rates).size === rates.length) return rates;
    throw new InvalidArgumentError(
      "Expected positive numbers that differ, parted by commas, such as 4e-3 or 1e-3,4e-3.",
    );
  },
};

export const probedFlags = {
  model: required("model", "run folder of pretrain or finetune, or a BEiT's file, folder or address"),
  ...imageFlags,
  trainSplit: choice(["train", "val", "test"], "part of the data to learn from", "train"),
  split: choice(
    ["auto", "train", "val", "test"],
    "part of the data to measure on; auto: test where there is one, else val, else what is set aside of the other",
    "auto",
  ),
  pooling: choice(
    ["mean", "class", "both"],
    "of a block's tokens: the mean of the patches, the class token, or one after the other",
    "mean",
  ),
  labelsPerClass: integer("count", "learn from so many images of each class alone, drawn by --seed", 1),
  tries: integer("count", "with --labels-per-class: draws, told by their mean and spread (default: 5)", 1),
  seed: integer("number", "of what is drawn and of the random network", 0, 0),
  baselines: toggle("measure the same of raw pixels (at most 32 x 32) and of a random network of the same shape"),
  other: optional("model", "another model to measure beside it, on the same images"),
  batch: integer("count", "images at a time", 1, 32),
  out: optional("file", "write the figures as .json or .csv"),
  ...forceFlags,
  ...resizingFlags,
  ...looseFlags,
  ...inferenceFlags,
};
