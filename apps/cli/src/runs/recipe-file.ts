// From --recipe and --set to a recipe: a name or a YAML or JSON file that may extend another, single values replaced, and
// all of it checked before any work.
import {
  checkRecipe,
  formatRecipeValue,
  mergeRecipe,
  RecipeError,
  recipeFacts,
  recipes,
  upgradeFields,
  upgradeRecipe,
  type Recipe,
  type RecipeIssue,
  type RecipeOf,
  type StageName,
} from "@beitjs/trainers";
import type { ImageSize } from "@beitjs/tensor-core/grid";
import { stringify } from "yaml";
import { usageError } from "../program/exit-codes.ts";
import type { Terminal } from "../program/terminal.ts";
import { assignAll, assignmentsOf, covers, type Assignment, type RecipeShortcuts } from "./assignments.ts";
import { followSize } from "./follow-size.ts";
import { readRecipeLayers, type RecipeLayer } from "./recipe-layers.ts";

export type LoadOptions<Given> = {
  /** Told of what --set had to take from a table, and of what the recipe takes from the model at hand. */
  readonly terminal?: Pick<Terminal, "info"> & Partial<Pick<Terminal, "event">>;
  /** What a recipe of ours becomes for the model at hand, before the files and values of the user change it. */
  readonly fit?: { readonly to: string; readonly change: (recipe: Given) => Given };
  /** What of the recipe the model at hand does not let be; told like everything that is wrong with it. */
  readonly refuse?: (recipe: Given) => readonly RecipeIssue[];
  /** Of a recipe that is looked at before the model is there: what the model will say is let pass. */
  readonly later?: (path: RecipeIssue["path"]) => boolean;
};

/** A recipe as flags ask for it, with `recipe` known. */
export type RecipeRequest = {
  readonly recipe: string;
  /** The recipe itself, where `recipe` says only where it is from. */
  readonly base?: Recipe;
  readonly set: readonly string[];
} & RecipeShortcuts;

/**
 * The recipe that the flags ask for.
 *
 * @throws a usage error with the path of every unknown key, wrong value and impossible combination
 */
export async function loadRecipe<Stage extends StageName>(
  flags: RecipeRequest,
  stages: readonly [Stage, ...Stage[]],
  options: LoadOptions<RecipeOf<Stage>> = {},
): Promise<RecipeOf<Stage>> {
  const { recipe: name } = flags;
  const { terminal, fit, refuse, later } = options;
  const isOurs = (one: object): one is RecipeOf<Stage> => stages.some((stage) => (one as Recipe).stage === stage);
  const read = await layersOf(flags);
  const layers = read.map((layer) => {
    const { values } = layer;
    const fits = fit && Object.values(recipes).includes(values as Recipe) && isOurs(values);
    return fits ? { ...layer, values: fit.change(values) } : layer;
  });
  const base = layers.reduceRight((below, { values }) => mergeRecipe(below, upgradeFields(values)), {});
  const assignments = assignmentsOf(flags);
  const { recipe: assigned, taken } = assignAll(upgradeRecipe(base), assignments);
  for (const { text, path, value } of taken)
    terminal?.info(`${text}: took ${path.join(".")}=${JSON.stringify(value)}, as nothing was said of it`);
  const before = (layers.at(-1)?.values as Partial<RecipeOf<"fine-tune">>).evalView;
  const { recipe: raw, taken: sized } = followSize(
    upgradeFields(assigned),
    (path) => askedIn(read, assignments, path),
    before,
  );
  if (sized) terminal?.info(`recipe: ${listed(sized.values)}, as ${sized.from} says`);
  if (!stages.includes(raw["stage"] as Stage)) {
    throw usageError(
      `recipe ${name}: stage: expected ${stages.join(" or ")} for this command, got ${String(raw["stage"])}`,
    );
  }
  const { recipe, issues } = issuesOf(() => checkRecipe("recipe", raw, ...stages));
  const wrong = [...issues.filter(({ path }) => !later?.(path)), ...((recipe && refuse?.(recipe)) ?? [])];
  if (wrong.length > 0) {
    throw usageError(`recipe ${name}: ${wrong.map((issue) => formatIssue(issue, assignments, layers)).join("; ")}`);
  }
  if (fit && terminal && recipe) tellFit(fit.to, [read, layers], recipe, terminal);
  return recipe ?? (raw as RecipeOf<Stage>);
}

async function layersOf({ recipe: name, base }: RecipeRequest): Promise<readonly RecipeLayer[]> {
  return base ? [{ name, values: base }] : readRecipeLayers(name);
}

function issuesOf<Checked>(check: () => Checked): {
  readonly recipe?: Checked;
  readonly issues: readonly RecipeIssue[];
} {
  try {
    return { recipe: check(), issues: [] };
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error;
    return { issues: error.issues };
  }
}

/** What the user's own layers and --set say of a path; undefined where they say nothing. */
export async function askedOf(flags: RecipeRequest, path: readonly string[]): Promise<unknown> {
  return askedIn(await layersOf(flags), assignmentsOf(flags), path);
}

/** The size of images that a recipe is for, where models of another size are to be resized to it. */
export async function sizeOfPurpose(flags: RecipeRequest): Promise<ImageSize | undefined> {
  const { name, values } = (await layersOf(flags)).at(-1) as RecipeLayer;
  const resizes = Object.hasOwn(recipeFacts, name) && recipeFacts[name].resizes;
  return resizes ? (values as RecipeOf<"fine-tune">).model.imageSize : undefined;
}

function askedIn(
  all: readonly RecipeLayer[],
  assignments: readonly Assignment[],
  path: readonly string[],
): unknown {
  const layers = all.filter(({ values }) => !Object.values(recipes).includes(values as Recipe));
  const set = assignments.findLast((one) => covers(one.path, path));
  if (set) return valueAt(set.value, path.slice(set.path.length));
  return layers.map(({ values }) => valueAt(values, path)).find((value) => value !== undefined);
}

// What the recipe takes from the model and still has in the end. Mean and std are told by themselves.
function tellFit(
  to: string,
  [before, after]: readonly [readonly RecipeLayer[], readonly RecipeLayer[]],
  recipe: Recipe,
  terminal: Pick<Terminal, "info"> & Partial<Pick<Terminal, "event">>,
): void {
  const [from, fitted] = [before, after].map((layers) => layers.at(-1)?.values);
  const told = differences(from, fitted).filter((path) => {
    const stays = JSON.stringify(valueAt(recipe, path)) === JSON.stringify(valueAt(fitted, path));
    return stays && !/^(mean|std|epsilon|normalization)$/.test(path.at(-1) as string);
  });
  if (told.length === 0) return;
  const values = Object.fromEntries(told.map((path) => [path.join("."), valueAt(recipe, path)]));
  terminal.info(`recipe: ${listed(values)}, from ${to}`);
  terminal.event?.("fit", { to, values });
}

/** `model.imageSize=224 view.size=224` */
function listed(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([path, value]) => `${path}=${JSON.stringify(value)}`)
    .join(" ");
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

function holds(values: unknown, keys: readonly string[]): boolean {
  return keys.length === 0 || (isBranch(values) && Object.hasOwn(values, keys[0]) && holds(values[keys[0]], keys.slice(1)));
}

function valueAt(values: unknown, keys: readonly string[]): unknown {
  if (keys.length === 0) return values;
  return isBranch(values) && Object.hasOwn(values, keys[0]) ? valueAt(values[keys[0]], keys.slice(1)) : undefined;
}

/** Paths of the values that differ; a list is one value. */
function differences(before: unknown, after: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  const isObject = (value: unknown) => isBranch(value) && !Array.isArray(value);
  if (!isObject(before) || !isObject(after)) return JSON.stringify(before) === JSON.stringify(after) ? [] : [path];
  const keys = Object.keys(after as object);
  return keys.flatMap((key) => differences(valueAt(before, [key]), valueAt(after, [key]), [...path, key]));
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
