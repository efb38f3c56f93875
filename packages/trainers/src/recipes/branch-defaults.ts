// What a part of a recipe has when it becomes one of another kind and nothing is said of its other fields: the papers' values.
import { gridOf, type BeitConfig } from "@beitjs/beit-encoder";
import { dvaeVariants } from "@beitjs/dvae-tokenizer";
import { isChannelCount } from "@beitjs/tensor-core/image";
import { paperViews } from "../data/views.ts";
import { pixelDefaults, smallDecoder } from "./pretraining-config.ts";
import type { Fields } from "./schema/forms.ts";

const { groups, blocksPerGroup } = dvaeVariants["dall-e"];
const { layers, blocksPerStage, middleBlocks } = dvaeVariants["dalle-pytorch"];
const half = (recipe: Fields, view: string): readonly number[] | undefined => {
  const { channels } = (recipe[view] ?? {}) as { readonly channels?: unknown };
  return isChannelCount(channels) ? Array.from({ length: channels }, () => 0.5) : undefined;
};

/** By path; a function is given the recipe, and gives undefined where it cannot say. */
const branchDefaults: Readonly<Record<string, (recipe: Fields) => unknown>> = {
  "mask.count": ({ model }) => hiddenPatches(model as BeitConfig),
  "decoder.width": () => smallDecoder.width,
  "decoder.depth": () => smallDecoder.depth,
  "decoder.heads": () => smallDecoder.heads,
  "pixels.normalized": () => pixelDefaults.normalized,
  "pixels.error": () => pixelDefaults.error,
  "mask.share": () => 75 / 196,
  "model.groups": () => groups,
  "model.blocksPerGroup": () => blocksPerGroup,
  "model.layers": () => layers,
  "model.blocksPerStage": () => blocksPerStage,
  "model.middleBlocks": () => middleBlocks,
  "view.crop.scale": () => paperViews.scale,
  "view.crop.ratio": () => paperViews.ratio,
  "view.crop.padding": () => 4,
  "view.normalization.mean": (recipe) => half(recipe, "view"),
  "view.normalization.std": (recipe) => half(recipe, "view"),
  "evalView.normalization.mean": (recipe) => half(recipe, "evalView"),
  "evalView.normalization.std": (recipe) => half(recipe, "evalView"),
  "evalView.fit.cropRatio": () => 224 / 256,
  "learningRate.batchScaling.rule": () => "linear",
  "learningRate.batchScaling.baseSize": () => 256,
};

export function branchDefault(path: readonly string[], recipe: Fields): unknown {
  const key = path.join(".");
  return Object.hasOwn(branchDefaults, key) ? branchDefaults[key](recipe) : undefined;
}

/** As many of the patches as 75 are of 196 (BEiT, Table 12). */
function hiddenPatches(model: BeitConfig): number | undefined {
  try {
    const { rows, cols } = gridOf(model);
    const count = Math.max(1, Math.round((rows * cols * 75) / 196));
    return Number.isSafeInteger(count) ? count : undefined;
  } catch {
    return undefined;
  }
}
