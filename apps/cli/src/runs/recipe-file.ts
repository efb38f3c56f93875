// From --recipe and --set to a recipe: a name or a YAML or JSON file that may extend another, single values replaced, and
// all of it checked before any work.
import {
  checkRecipe,
  formatRecipeValue,
  mergeRecipe,
  RecipeError,
  recipes,
  upgradeFields,
  upgradeRecipe,
  type Recipe,
  type RecipeIssue,
  type RecipeOf,
  type StageName,
} from "@beitjs/trainers";
import { stringify } from "yaml";
import { usageError } from "../program/exit-codes.ts";
import type { Terminal } from "../program/terminal.ts";
import { assignAll, assignmentsOf, covers, type Assignment, type RecipeShortcuts } from "./assignments.ts";
import { readRecipeLayers, type RecipeLayer } from "./recipe-layers.ts";

type LoadOptions<Given> = {
  /** Told of what --set had to take from a table. */
  readonly terminal?: Pick<Terminal, "info">;
  readonly fit?: (recipe: Given) => Given;
};

/**
 * The recipe that the flags ask for.
 *
 * @param options.fit what a recipe of ours becomes for the model at hand, before the files and values of the user change it
 * @throws a usage error with the path of every unknown key, wrong value and impossible combination
 */
export async function loadRecipe<Stage extends StageName>(
  flags: { readonly recipe: string; readonly set: readonly string[] } & RecipeShortcuts,
  stages: readonly [Stage, ...Stage[]],
  { terminal, fit = (recipe) => recipe }: LoadOptions<RecipeOf<Stage>>,
): Promise<RecipeOf<Stage>> {
  const { recipe: name } = flags;
  const isOurs = (one: object): one is RecipeOf<Stage> => stages.some((stage) => (one as Recipe).stage === stage);
  const layers = (await readRecipeLayers(name)).map((layer) => {
    const { values } = layer;
    return Object.values(recipes).includes(values as Recipe) && isOurs(values) ? { ...layer, values: fit(values) } : layer;
  });
  const base = layers.reduceRight((below, { values }) => mergeRecipe(below, upgradeFields(values)), {});
  const assignments = assignmentsOf(flags);
  const { recipe: assigned, taken } = assignAll(upgradeRecipe(base), assignments);
  for (const { text, path, value } of taken)
    terminal?.info(`${text}: took ${path.join(".")}=${JSON.stringify(value)}, as nothing was said of it`);
  const raw = upgradeFields(assigned);
  if (!stages.includes(raw["stage"] as Stage)) {
    throw usageError(
      `recipe ${name}: stage: expected ${stages.join(" or ")} for this command, got ${String(raw["stage"])}`,
    );
  }
  try {
    return checkRecipe("recipe", raw, ...stages);
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error;
    const told = error.issues.map((issue) => formatIssue(issue, assignments, layers));
    throw usageError(`recipe ${name}: ${told.join("; ")}`);
  }
}

/** A recipe as YAML, to be read back by `--recipe`. `what` it is, in a sentence. */
export function formatRecipe(recipe: Recipe, what = "The recipe of this run, complete."): string {
  return `# ${what} To run it again: --recipe with the path of this file.\n${stringify(recipe)}`;
}

/** What is wrong, and which flag or which of several files said so. */
function formatIssue(
  { path, expected, got }: RecipeIssue,
  assignments: readonly Assignment[],
  layers: readonly RecipeLayer[],
): string {
  const keys = path.map(String);
  const flag = assignments.findLast((one) => covers(one.path.slice(0, keys.length), keys));
  const layer = layers.find(({ values }) => holds(values, keys));
  const source = flag ? flag.text : layer && layer !== layers[0] ? layer.name : undefined;
  const where = source === undefined ? "" : ` (from ${source})`;
  return `${keys.join(".") || "recipe"}: expected ${expected}, got ${formatRecipeValue(got)}${where}`;
}

function holds(values: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true;
  return isBranch(values) && Object.hasOwn(values, key) && holds(values[key], rest);
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
