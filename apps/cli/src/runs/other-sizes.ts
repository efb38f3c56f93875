// Where a recipe of fine-tuning and the model that it is to begin with differ.
import type { Beit } from "@beitjs/beit-encoder";
import { formatRecipeValue, modelSizes, type FineTuneRecipe, type RecipeIssue } from "@beitjs/trainers";

/** Sizes that a recipe has otherwise than the model of `flag`. */
export function otherSizes(
  { model }: FineTuneRecipe,
  { beit }: { readonly beit: Beit },
  flag = "--from",
): readonly RecipeIssue[] {
  return modelSizes
    .filter((key) => JSON.stringify(model[key]) !== JSON.stringify(beit.config[key]))
    .map((key) => ({
      path: ["model", key],
      expected: `${formatRecipeValue(beit.config[key])}, as the model of ${flag} has it (or nothing said of it)`,
      got: model[key],
    }));
}
