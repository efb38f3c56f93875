// What --set and the flags that are short for it change of a recipe.
import { RecipeError, setInRecipe } from "@beitjs/trainers";
import { usageError } from "../program/exit-codes.ts";
import { parseYaml } from "./read-yaml.ts";

/** Flags that are short for --set; the path of each is in `shortcuts`. */
export type RecipeShortcuts = {
  readonly lr?: number | undefined;
  readonly epochs?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly microBatches?: number | undefined;
  readonly seed?: number | undefined;
};

const shortcuts = {
  lr: { flag: "--lr", path: "learningRate.peak" },
  epochs: { flag: "--epochs", path: "epochs" },
  batchSize: { flag: "--batch-size", path: "batchSize" },
  microBatches: { flag: "--micro-batches", path: "microBatches" },
  seed: { flag: "--seed", path: "seed" },
} as const satisfies Record<keyof RecipeShortcuts, { readonly flag: string; readonly path: string }>;

export type Assignment = {
  /** The flag as it was given. */
  readonly text: string;
  readonly path: readonly string[];
  readonly value: unknown;
};

/**
 * The flags' values by their paths in the recipe.
 *
 * @throws a usage error for what is no path=value, and where a flag and --set say the same
 */
export function assignmentsOf(flags: { readonly set: readonly string[] } & RecipeShortcuts): readonly Assignment[] {
  const short = Object.entries(shortcuts).flatMap(([name, { flag, path }]) => {
    const value = flags[name as keyof RecipeShortcuts];
    return value === undefined ? [] : [{ text: `${flag} ${value}`, path: path.split("."), value }];
  });
  const long = flags.set.map(parseAssignment);
  for (const one of short) {
    const other = long.find(({ path }) => covers(path, one.path));
    if (other) throw usageError(`${one.text} and ${other.text} say the same of the recipe; give one of them`);
  }
  return [...short, ...long];
}

/** Whether a path is another one or leads to it. */
export function covers(path: readonly string[], other: readonly string[]): boolean {
  return path.every((key, i) => key === other[i]);
}

function parseAssignment(text: string): Assignment {
  const at = text.indexOf("=");
  if (at < 1) throw usageError(`--set ${text}: expected path=value`);
  const path = text.slice(0, at);
  const keys = path.split(".");
  if (keys.includes("__proto__")) throw usageError(`--set ${path}: unknown path`);
  return { text: `--set ${text}`, path: keys, value: parseYaml(`--set ${path}`, text.slice(at + 1)) };
}

type Raw = Readonly<Record<string, unknown>>;

/** All of them in turn, and what each took from the table of defaults. What a later one replaces was not taken. */
export function assignAll(
  recipe: Raw,
  assignments: readonly Assignment[],
): { readonly recipe: Raw; readonly taken: readonly Assignment[] } {
  const taken: Assignment[] = [];
  let result = recipe;
  for (const [i, { text, path, value }] of assignments.entries()) {
    const next = assign(result, path, value);
    const later = assignments.slice(i + 1);
    for (const one of next.taken) if (!later.some((other) => covers(other.path, one.path))) taken.push({ text, ...one });
    result = next.recipe;
  }
  return { recipe: result, taken };
}

function assign(recipe: Raw, path: readonly string[], value: unknown): ReturnType<typeof setInRecipe> {
  try {
    return setInRecipe(recipe, path, value);
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error;
    const [{ path: known }] = error.issues;
    const key = known.at(-1);
    const reason = key === undefined ? "" : `: the recipe has no ${key} with keys in it`;
    throw usageError(`--set ${path.join(".")}: unknown path${reason}`, error);
  }
}
