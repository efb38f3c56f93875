// What is wrong with a recipe, as data: programs turn paths into their own terms, and the message is for people.

export type RecipeIssue = {
  /** From the recipe down to the value. */
  readonly path: readonly (string | number)[];
  /** What follows "to be". */
  readonly expected: string;
  /** The value; undefined where there is none. */
  readonly got: unknown;
};

/** A recipe that cannot be. All that is wrong with it is in `issues`. */
export class RecipeError extends Error {
  readonly issues: readonly RecipeIssue[];

  constructor(caller: string, issues: readonly RecipeIssue[]) {
    const told = issues.map(
      ({ path, expected, got }) =>
        `expected ${["recipe", ...path].join(".")} to be ${expected}, got ${formatRecipeValue(got)}`,
    );
    super(`[${caller}] ${told.join("; ")}`);
    this.name = "RecipeError";
    this.issues = issues;
  }
}

/** A value of a recipe in a few words. */
export function formatRecipeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `[${value.slice(0, 8).map(formatEntry).join(", ")}]`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

// Lists in lists are not opened: YAML's aliases make such that hold themselves.
function formatEntry(value: unknown): string {
  return Array.isArray(value) ? "a list" : formatRecipeValue(value);
}
