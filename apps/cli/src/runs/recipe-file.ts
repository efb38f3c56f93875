// From --recipe and --set to a recipe: a name or a YAML or JSON file, single values replaced, and all of it checked
// before any work.
import { promises as files } from "node:fs";
import { extname } from "node:path";
import { recipes, type Recipe, type RecipeOf, type StageName } from "@beitjs/trainers";
import { parse, stringify } from "yaml";
import type { z } from "zod";
import { defaulted, list } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import { recipeProblems } from "./recipe-checks.ts";
import { recipeSchemas } from "./recipe-schema.ts";

export const recipeFlags = (fallback: string) => ({
  recipe: defaulted(
    "name|file",
    `recipe: a name (${Object.keys(recipes).join(", ")}), or a YAML or JSON file`,
    fallback,
  ),
  set: list("path=value", "replace a value of the recipe: --set epochs=3 model.heads=4"),
});

/**
 * The recipe that the flags ask for.
 *
 * @throws a usage error with the path of every unknown key, wrong value and impossible combination
 */
export async function loadRecipe<Stage extends StageName>(
  { recipe: name, set }: { readonly recipe: string; readonly set: readonly string[] },
  stages: readonly Stage[],
): Promise<RecipeOf<Stage>> {
  const raw = await readRecipe(name);
  for (const assignment of set) assign(raw, assignment);
  const { stage } = raw;
  if (!stages.includes(stage as Stage)) {
    throw usageError(`recipe ${name}: stage: expected ${stages.join(" or ")} for this command, got ${String(stage)}`);
  }
  return checkRecipe(name, raw, stage as Stage);
}

/** A recipe as YAML, to be read back by `--recipe`. */
export function formatRecipe(recipe: Recipe): string {
  return `# The recipe of this run, complete. To run it again: --recipe with the path of this file.\n${stringify(recipe)}`;
}

async function readRecipe(name: string): Promise<Record<string, unknown>> {
  if (Object.hasOwn(recipes, name)) return structuredClone(recipes[name]) as unknown as Record<string, unknown>;
  if (![".yaml", ".yml", ".json"].includes(extname(name))) {
    throw usageError(`recipe ${name}: expected a .yaml or .json file or one of ${Object.keys(recipes).join(", ")}`);
  }
  const raw = parseText(name, await readText(name));
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    throw usageError(`recipe ${name}: expected keys and values`);
  return raw as Record<string, unknown>;
}

async function readText(name: string): Promise<string> {
  try {
    return await files.readFile(name, "utf8");
  } catch (error) {
    throw usageError(
      `recipe ${name}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`,
      error,
    );
  }
}

// JSON is YAML, and YAML's parser refuses a key that is given twice.
function parseText(name: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw usageError(`recipe ${name}: ${(error as Error).message.split("\n")[0]}`, error);
  }
}

function assign(raw: Record<string, unknown>, assignment: string): void {
  const at = assignment.indexOf("=");
  if (at < 1) throw usageError(`--set ${assignment}: expected path=value`);
  const path = assignment.slice(0, at);
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
  (node as Record<string, unknown>)[last] = parseText(`--set ${path}`, assignment.slice(at + 1));
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function checkRecipe<Stage extends StageName>(name: string, raw: unknown, stage: Stage): RecipeOf<Stage> {
  const parsed = recipeSchemas[stage].safeParse(raw);
  const problems = parsed.success ? recipeProblems(parsed.data) : parsed.error.issues.flatMap(formatIssue);
  if (problems.length > 0) {
    throw usageError(`recipe ${name}: ${problems.map(({ path, message }) => `${path}: ${message}`).join("; ")}`);
  }
  return parsed.data as RecipeOf<Stage>;
}

function formatIssue(issue: z.core.$ZodIssue): { path: string; message: string }[] {
  const path = issue.path.join(".");
  if (issue.code !== "unrecognized_keys")
    return [{ path: path || "recipe", message: issue.message.replace(/^Invalid input: /, "") }];
  return issue.keys.map((key) => ({ path: path ? `${path}.${key}` : key, message: "unknown key" }));
}
