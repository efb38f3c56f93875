// A recipe for images of another number of channels than the one it was written for: bands of satellites, grey of X-rays.
import { isColor, type ColorJitterOptions } from "@beitjs/tensor-core/image";
import type { Recipe, TwoViewOptions } from "./recipe.ts";
import { without } from "./without.ts";

type Statistics = { readonly mean: readonly number[]; readonly std: readonly number[] };

const noJitter: ColorJitterOptions = { brightness: 0, contrast: 0, saturation: 0 };

/**
 * The recipe with a model of so many channels, 1 to 8, and views of them. Mean and std of grey are those of the colors, of colors that of
 * grey; of other channels they are 0.5, as nobody knows better. Where channels are no colors, there is no color jitter and no
 * RandAugment.
 *
 * @example trainTokenizer({ recipe: fitToChannels(tokenizerSmall, 4), images, backend })
 */
export function fitToChannels<One extends Recipe>(recipe: One, channels: number): One {
  const model = { ...recipe.model, channels };
  if (!("view" in recipe)) return { ...recipe, model, views: viewsOf(recipe.views, channels) };
  const { view, evalView } = recipe;
  const fitted = <View extends typeof view | typeof evalView>(one: View): View => {
    const { normalization } = one;
    const own = typeof normalization === "string" ? normalization : statisticsFor(normalization, channels);
    return { ...one, channels, normalization: own };
  };
  const trained = fitted(isColor({ channels }) ? view : (without(view, "randAugment") as typeof view));
  return { ...recipe, model, view: trained, evalView: fitted(evalView) };
}

/** @internal The two views of so many channels. */
export function viewsOf(views: TwoViewOptions, channels: number): TwoViewOptions {
  const colorJitter = isColor({ channels }) ? views.colorJitter : noJitter;
  return { ...views, channels, colorJitter, ...statisticsFor(views, channels) };
}

// Gray is the mean of the colors, and all colors are gray.
function statisticsFor({ mean, std }: Statistics, channels: number): Statistics {
  return { mean: perChannel(mean, channels), std: perChannel(std, channels) };
}

function perChannel(values: readonly number[], channels: number): readonly number[] {
  if (values.length === channels) return values;
  const known = isColor({ channels }) && isColor({ channels: values.length });
  const mean = known ? values.reduce((sum, value) => sum + value, 0) / values.length : 0.5;
  return Array.from({ length: channels }, () => mean);
}
