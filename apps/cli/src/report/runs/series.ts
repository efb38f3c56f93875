// Curves out of a run's lines: which quantities there are, what they are called, and where each was measured.
import type { Point } from "../chart.ts";
import type { RunRecord } from "./read-run.ts";

/** Where a quantity was measured: on the batches of training, or on held-out images, with the weights or their average. */
export type Part = "train" | "val" | "val-ema" | "test" | "test-ema";

export type Quantity = {
  readonly key: string;
  readonly title: string;
  readonly caption: string;
  readonly percent: boolean;
};

export const parts: Readonly<Record<Part, string>> = {
  train: "training",
  val: "validation",
  "val-ema": "validation, averaged weights",
  test: "test images",
  "test-ema": "test images, averaged weights",
};

const known: Readonly<Record<string, readonly [title: string, caption: string]>> = {
  loss: ["Loss", "What training makes small: below is better."],
  accuracy: ["Accuracy", "Share of right answers: above is better."],
  visibleAccuracy: ["Accuracy of visible patches", "Share of right tokens of patches that are not hidden."],
  top5: ["Top 5", "Share of images whose class is among the five most likely."],
  linearProbeAccuracy: ["Linear probe", "Of frozen features of labeled images beside the run: above is better."],
  neighborAccuracy: ["Nearest neighbors", "Of frozen features of labeled images beside the run: above is better."],
  reconstruction: ["Reconstruction error", "How far decoded pixels are from the image, in training with relaxed tokens."],
  meanAbsoluteError: ["Mean absolute error", "Of decoded pixels in [-1, 1], on held-out images."],
  kl: ["KL divergence", "How sure the encoder is of its codes, against knowing nothing."],
  balance: ["KL of the mean", "How unevenly the codebook is used: 0 where all tokens are equally frequent."],
  perplexity: ["Codebook perplexity", "How many visual tokens are in use, as if all were equally frequent."],
  tokensInUse: ["Tokens in use", "Visual tokens that occur at all."],
  temperature: ["Temperature", "Of the relaxed tokens: lower is nearer to a choice."],
  learningRate: ["Learning rate", "As the schedule of the recipe gave it."],
  weightDecay: ["Weight decay", "As the schedule of the recipe gave it."],
  gradientNorm: ["Gradient norm", "Of all parameters, before clipping."],
};

// Chance of the masks, and what the axis says anyway.
const notDrawn = ["maskedPatches", "epoch"];
const order = Object.keys(known);

/** What of a line's values a name stands for: `val-ema/loss` is the loss of averaged weights on validation images. */
export function splitName(name: string): { readonly part: Part; readonly key: string } {
  const at = name.indexOf("/");
  const part = name.slice(0, Math.max(at, 0));
  return Object.hasOwn(parts, part) && part !== "train"
    ? { part: part as Part, key: name.slice(at + 1) }
    : { part: "train", key: name };
}

/** Everything that runs have recorded and that a curve says something of, the usual first. */
export function quantities(runs: readonly RunRecord[]): readonly Quantity[] {
  const names = new Set(runs.flatMap(({ lines }) => lines.flatMap(({ values }) => Object.keys(values))));
  const keys = [...new Set([...names].map((name) => splitName(name).key))].filter((key) => !notDrawn.includes(key));
  const rank = (key: string) => (order.includes(key) ? order.indexOf(key) : order.indexOf("learningRate") - 0.5);
  return keys.sort((a, b) => rank(a) - rank(b)).map(quantity);
}

export function quantity(key: string): Quantity {
  const [title, caption] = Object.hasOwn(known, key) ? known[key] : [inWords(key), ""];
  return { key, title, caption, percent: isShare(key) };
}

/** Whether values of a name are shares in [0, 1]. */
export function isShare(key: string): boolean {
  return /accuracy|top\d|precision|recall|^map$/i.test(key);
}

/** A quantity of a run against steps; values that were not finite are left out. */
export function seriesOf({ lines }: Pick<RunRecord, "lines">, part: Part, key: string): readonly Point[] {
  const name = part === "train" ? key : `${part}/${key}`;
  return lines.flatMap(({ step, values }) => {
    const value = values[name];
    return typeof value === "number" ? [[step, value] as const] : [];
  });
}

/** Optimizer steps of an epoch, as the run's lines or its newest checkpoint tell; undefined before either does. */
export function stepsPerEpoch({ lines, manifest }: Pick<RunRecord, "lines" | "manifest">): number | undefined {
  const last = lines.at(-1);
  const epoch = last?.values["epoch"];
  if (last && typeof epoch === "number" && epoch > 0) return Math.round(last.step / epoch);
  const { epoch: whole = 0, batch = 0 } = manifest?.position ?? {};
  return manifest && whole > 0 ? (manifest.step - batch) / whole : undefined;
}

function inWords(key: string): string {
  // An abbreviation such as mAP is none of several words.
  const words = key.replace(/(?<=[a-z]{2})[A-Z](?=[a-z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return /^[a-z]{2}/.test(words) ? words.charAt(0).toUpperCase() + words.slice(1) : words;
}
