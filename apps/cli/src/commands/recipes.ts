// The recipes of @beitjs/trainers with what is known of each.
import { recipeFacts, recipes, type Recipe } from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { describeRecipeModel } from "../runs/recipe-model.ts";

export async function run(_: unknown, { terminal }: Context): Promise<number> {
  for (const [name, recipe] of Object.entries(recipes)) {
    const { purpose, data, time, result, source } = recipeFacts[name];
    const model = describeRecipeModel(recipe);
    const after = source === undefined ? {} : { after: source };
    terminal.result(block(name, { for: purpose, ...after, model, data, run: describeRun(recipe), time, result }));
    terminal.event("recipe", { name, stage: recipe.stage, purpose, source: source ?? null, model, data, time, result });
  }
  terminal.info("beit recipes show NAME prints one as YAML");
  return exitCodes.done;
}

function describeRun({ epochs, batchSize }: Recipe): string {
  return `${epochs} epochs in batches of ${batchSize}`;
}

function block(name: string, rows: Readonly<Record<string, string>>): string[] {
  return [name, ...Object.entries(rows).map(([key, value]) => `  ${key.padEnd(8)}${value}`), ""];
}
