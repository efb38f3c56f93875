// From --recipe and --set to a recipe: a name or a YAML or JSON file that may extend another, single values replaced, and
// all of it checked before any work.
import {
  checkRecipe,
  formatRecipeValue,
  mergeRecipe,
  RecipeError,
  recipes,
  upgradeRecipe,
  type Recipe,
  type RecipeIssue,
  type RecipeOf,
  type StageName,
} from "@beitjs/trainers";
import { stringify } from "yaml";
import { usageError } from "../program/exit-codes.ts";
import { parseYaml, readRecipeLayers, type RecipeLayer } from "./recipe-layers.ts";

/**
 * The recipe that the flags ask for.
 *
 * @param fit what a recipe of ours becomes for the model at hand, before the files and values of the user change it
 * @throws a usage error with the path of every unknown key, wrong value and impossible combination
 */
export async function loadRecipe<Stage extends StageName>(
  { recipe: name, set }: { readonly recipe: string; readonly set: readonly string[] },
  stages: readonly [Stage, ...Stage[]],
  fit: (recipe: RecipeOf<Stage>) => RecipeOf<Stage> = (recipe) => recipe,
): Promise<RecipeOf<Stage>> {
  const isOurs = (one: object): one is RecipeOf<Stage> => stages.some((stage) => (one as Recipe).stage === stage);
  const layers = (await readRecipeLayers(name)).map((layer) => {
    const { values } = layer;
    return Object.values(recipes).includes(values as Recipe) && isOurs(values) ? { ...layer, values: fit(values) } : layer;
  });
  const merged = upgradeRecipe(layers.reduceRight((base, { values }) => mergeRecipe(base, values), {}));
  const raw = structuredClone(merged) as Record<string, unknown>;
  const assignments = set.map((assignment) => assign(raw, assignment));
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

/** A recipe as YAML, to be read back by `--recipe`. */
export function formatRecipe(recipe: Recipe): string {
  return `# The recipe of this run, complete. To run it again: --recipe with the path of this file.\n${stringify(recipe)}`;
}

type Assignment = { readonly text: string; readonly path: readonly string[] };

function assign(raw: Record<string, unknown>, text: string): Assignment {
  const at = text.indexOf("=");
  if (at < 1) throw usageError(`--set ${text}: expected path=value`);
  const path = text.slice(0, at);
  const keys = path.split(".");
  let node: unknown = raw;
  for (const key of keys.slice(0, -1)) {
    const next = isBranch(node) && Object.hasOwn(node, key) ? node[key] : undefined;
    if (!isBranch(next)) throw usageError(`--set ${path}: unknown path: the recipe has no ${key} with keys in it`);
    node = next;
  }
  const last = keys[keys.length - 1];
  // A key that is not there yet may be an optional one; the schema decides.
  if (last === "__proto__" || (Array.isArray(node) && !Object.hasOwn(node, last)))
    throw usageError(`--set ${path}: unknown path`);
  (node as Record<string, unknown>)[last] = parseYaml(`--set ${path}`, text.slice(at + 1));
  return { text, path: keys };
}

/** What is wrong, and which flag or which of several files said so. */
function formatIssue(
  { path, expected, got }: RecipeIssue,
  assignments: readonly Assignment[],
  layers: readonly RecipeLayer[],
): string {
  const keys = path.map(String);
  const flag = assignments.findLast((one) => one.path.every((key, i) => i >= keys.length || key === keys[i]));
  const layer = layers.find(({ values }) => holds(values, keys));
  const source = flag ? `--set ${flag.text}` : layer && layer !== layers[0] ? layer.name : undefined;
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
