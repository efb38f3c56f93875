// --channels: recipes of ours for images of other channels than colors.
import { fitToChannels, type Recipe } from "@beitjs/trainers";
import { isColor } from "@beitjs/tensor-core/image";
import type { Context } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";

type ChannelsFlag = { readonly channels: number | undefined };

/** What a recipe of ours becomes by the flag, for `loadRecipe`; nothing without it. */
export function channelsFit({ channels }: ChannelsFlag) {
  if (channels === undefined) return {};
  const change = <One extends Recipe>(recipe: One): One => fitToChannels(recipe, channels);
  return { fit: { to: `--channels ${channels}`, change } };
}

/** Refuses the flag where a model says how many channels it sees. */
export function refuseChannels({ channels }: ChannelsFlag, model: string | undefined): void {
  if (channels === undefined || model === undefined) return;
  throw usageError(`--channels ${channels}: expected it without ${model}, whose model says how many channels it sees`);
}

/** Says what bands are scaled by, where it is what nobody chose. */
export function tellBands(recipe: Recipe, { channels }: ChannelsFlag, { terminal }: Pick<Context, "terminal">): void {
  if (channels === undefined || isColor({ channels })) return;
  const place = "view" in recipe ? "view.normalization" : "views";
  const normalization = "view" in recipe ? recipe.view.normalization : recipe.views;
  if (typeof normalization === "string") return;
  const { mean, std } = normalization;
  const guess = [...mean, ...std].every((value) => value === 0.5);
  if (guess) terminal.info(`mean and std: 0.5 for each of ${channels} channels (beit data verify --statistics measures them, --set ${place}.mean=[…] says them)`);
}
