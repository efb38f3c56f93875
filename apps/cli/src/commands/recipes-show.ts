// A recipe in full, as --recipe takes it again.
import { recipeFacts } from "@beitjs/trainers";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { channelsFit } from "../runs/channels.ts";
import { formatRecipe, loadRecipe } from "../runs/recipe-file.ts";
import { stageNames } from "../runs/stages.ts";
import type { recipesShowFlags } from "./declarations/recipes-show.ts";

export async function run(flags: FlagValues<typeof recipesShowFlags>, context: Context): Promise<number> {
  const { terminal } = context;
  const recipe = await loadRecipe(flags, stageNames, { ...context, ...channelsFit(flags) });
  terminal.result(
    formatRecipe(recipe, `${flags.recipe}${noteOf(flags.recipe)}.`)
      .trimEnd()
      .split("\n"),
  );
  terminal.event("recipe", { name: flags.recipe, recipe });
  return exitCodes.done;
}

function noteOf(name: string): string {
  if (!Object.hasOwn(recipeFacts, name)) return "";
  const { purpose, source } = recipeFacts[name];
  return `: ${purpose}${source === undefined ? "" : ` (${source})`}`;
}
