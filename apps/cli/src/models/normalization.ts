// The mean and std that a model's images are scaled by, in words: what they are, and why.
import {
  namedNormalization,
  normalizationName,
  preprocessingFromView,
  type BeitOrigin,
  type NormalizationFacts,
  type NormalizationName,
  type Preprocessing,
} from "@beitjs/beit-encoder";
import { statisticsOf } from "@beitjs/tensor-core/image";
import type { EvalViewOptions, FineTuneRecipe } from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import { isOther } from "./origins.ts";

type Statistics = Pick<Preprocessing, "mean" | "std">;
type Told = {
  readonly preprocessing: Statistics;
  readonly normalization: NormalizationFacts;
  readonly origin?: BeitOrigin;
};

/** Mean and std, and where they are from. */
export function describeNormalization({ preprocessing, normalization: { reason, name }, origin }: Told): string {
  const imagenet = origin && isOther(origin) ? "as its authors trained it" : "as all models of BEiT v2 have it";
  const because = {
    files: "as the model's files say",
    option: "as --normalization says",
    recognized: name === "imagenet" ? imagenet : "as all models of ImageNet-22k have it",
    convention: "a guess, as the files do not say; --normalization says otherwise",
  };
  return `${describeStatistics(preprocessing)}, ${because[reason]}`;
}

/** Says what the files of a model do not: a guess as a warning. */
export function tellNormalization(told: Told, { terminal }: Context): void {
  const { reason } = told.normalization;
  const line = `normalization: ${describeNormalization(told)}`;
  if (reason === "convention") terminal.warn(line);
  if (reason === "recognized") terminal.info(line);
}

/** Says what a model is fine-tuned with; a recipe that goes its own way, as a warning. */
export function tellFineTuning({ view, evalView }: FineTuneRecipe, from: Told, { terminal }: Context): void {
  const own = describeStatistics(from.preprocessing);
  for (const { normalization, channels } of [view, evalView]) {
    const taken = describeStatistics(statisticsOf(normalization, channels));
    if (taken === own) continue;
    terminal.warn(`normalization: ${taken}, as the recipe says; the model's own is ${own}`);
    return;
  }
  const { reason } = from.normalization;
  // The others were told when the model was opened.
  if (reason === "files" || reason === "option") terminal.info(`normalization: ${describeNormalization(from)}`);
}

/** How a view of our own prepares images, with another mean and std where they are chosen by name. */
export function preparationOf(
  own: EvalViewOptions,
  chosen: NormalizationName | undefined,
): Told & { readonly view: EvalViewOptions; readonly preprocessing: Preprocessing } {
  const view = chosen ? { ...own, normalization: namedNormalization(chosen, own.channels) } : own;
  const preprocessing = preprocessingFromView(view);
  const name = normalizationName(preprocessing);
  return { view, preprocessing, normalization: { ...(name && { name }), reason: chosen ? "option" : "files" } };
}

function describeStatistics({ mean, std }: Statistics): string {
  const name = normalizationName({ mean, std });
  if (name === "imagenet") return "ImageNet's mean and std";
  return name === "half" ? "mean and std of 0.5" : `mean ${mean.join(", ")} and std ${std.join(", ")}`;
}
