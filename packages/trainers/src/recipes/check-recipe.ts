// One gate for recipes, of the library, of the page and of the command line alike: first the shape, then what fields must
// agree on.
import * as v from "valibot";
import { disagreements } from "./checks.ts";
import { RecipeError, type RecipeIssue } from "./recipe-error.ts";
import { recipe as recipeSchema } from "./schema.ts";
import type { RecipeOf, StageName } from "./recipe.ts";

/**
 * Checks a recipe of one of these stages.
 *
 * @param caller name in front of the message
 * @returns the recipe, its keys in the order of the schema
 * @throws RecipeError, with the path of every unknown key, wrong value and impossible combination
 */
export function checkRecipe<Stage extends StageName>(
  caller: string,
  recipe: unknown,
  ...stages: readonly [Stage, ...Stage[]]
): RecipeOf<Stage> {
  const stage = typeof recipe === "object" && recipe !== null && "stage" in recipe ? recipe.stage : undefined;
  if (typeof recipe === "object" && recipe !== null && !stages.includes(stage as Stage)) {
    throw new RecipeError(caller, [{ path: ["stage"], expected: stages.join(" or "), got: stage }]);
  }
  const parsed = v.safeParse(recipeSchema, recipe);
  const issues = parsed.success ? disagreements(parsed.output) : parsed.issues.map(toIssue);
  if (issues.length > 0) throw new RecipeError(caller, issues);
  return parsed.output as RecipeOf<Stage>;
}

function toIssue({ path, message, input }: v.BaseIssue<unknown>): RecipeIssue {
  const keys = path?.map(({ key }) => (typeof key === "number" ? key : String(key))) ?? [];
  return { path: keys, expected: message, got: path ? path[path.length - 1].value : input };
}
