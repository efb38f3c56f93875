// The flags that say what a training run is judged by, and which checkpoints it leaves.
import type { Interval } from "@beitjs/trainers";
import { InvalidArgumentError } from "commander";
import { choice, integer, optional, type Flag } from "../program/command.ts";

/** For every training: images that are not trained on, the best checkpoint, the average of the weights. */
export const validationFlags = {
  valShare: parsed(
    "share",
    "hold so much of every class out to validate on: 0.1 (default: the data's val split, where there is one)",
    parseShare,
  ),
  evalEvery: parsed(
    "steps|epochs|never",
    "how often to evaluate on them: 500, 2epochs, never (default: every epoch)",
    parseInterval,
  ),
  bestMetric: optional(
    "metric",
    "what decides which checkpoint is the best (default: accuracy of classifiers, loss in pre-training, else meanAbsoluteError)",
  ),
  earlyStop: integer("evaluations", "end the run after so many evaluations without an improvement", 1),
  testData: optional("dir", "images for one last figure of the best and the last checkpoint (default: none)"),
  testSplit: choice(["val", "test"], "part of --test-data, or else of --data, for that figure"),
  keep: parsed("count|all", "so many of the last checkpoints are kept, beside the best one (default: 2)", parseKeep),
  ema: parsed(
    "decay",
    "average the weights (EMA), as with 0.9998: short for --set ema='{decay: 0.9998, warmup: true}'",
    parseDecay,
  ),
};

/** For pre-training: what its features are worth to labels, while it goes on. */
export const probingFlags = {
  probe: optional(
    "dir",
    "labeled images on which to measure, as it goes on, what the features are worth to a linear classifier and to neighbors",
  ),
  probeEvery: parsed("steps|epochs|never", "how often, beside the end: 500, 2epochs (default: 5epochs)", parseInterval),
};

/** The flags of a recipe with the one for its average among the values to set. */
export function withEma<Flags extends { readonly set: readonly string[]; readonly ema: number | undefined }>(
  flags: Flags,
): Flags {
  return flags.ema === undefined
    ? flags
    : { ...flags, set: [`ema={decay: ${flags.ema}, warmup: true}`, ...flags.set] };
}

function parsed<Value>(value: string, description: string, parse: (text: string) => Value): Flag<Value | undefined> {
  return { value, description, parse };
}

function parseKeep(text: string): number {
  if (text === "all") return Infinity;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a whole number of at least 1, or all.");
}

function parseShare(text: string): number {
  const share = Number(text);
  if (share > 0 && share < 1) return share;
  throw new InvalidArgumentError("Expected a number between 0 and 1, such as 0.1.");
}

function parseDecay(text: string): number {
  const decay = Number(text);
  if (text.trim() !== "" && decay >= 0 && decay < 1) return decay;
  throw new InvalidArgumentError("Expected a number from 0 and below 1, such as 0.9998.");
}

function parseInterval(text: string): Interval | "never" {
  if (text === "never") return text;
  const [, number = "", unit = ""] = /^(\d+|\d*\.\d+) *(steps?|epochs?|)$/.exec(text) ?? [];
  const [count, inEpochs] = [Number(number), unit.startsWith("epoch")];
  if (count > 0 && (inEpochs || Number.isSafeInteger(count))) return inEpochs ? { epochs: count } : { steps: count };
  throw new InvalidArgumentError("Expected steps such as 500, epochs such as 2epochs or 0.5epochs, or never.");
}
