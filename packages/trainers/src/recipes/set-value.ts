// One value of a recipe replaced by its path. Where it makes a part of the recipe one of another kind (a mask, a crop, a length
// in other units), what both kinds have stays, and what the new one lacks is taken from a table.
import { branchDefault } from "./branch-defaults.ts";
import { RecipeError } from "./recipe-error.ts";
import { recipe as recipeSchema } from "./schema.ts";
import { discriminants, fieldOf, isFields, optionOf, pick, type Fields, type Schema } from "./schema/forms.ts";

export type RecipeWithValue = {
  readonly recipe: Fields;
  /** The values of a part's new kind that nobody named. */
  readonly taken: readonly { readonly path: readonly string[]; readonly value: unknown }[];
};

/**
 * A recipe with another value at a path. Neither needs to be complete or right; `checkRecipe` says whether the result is.
 *
 * @throws RecipeError if the path leads through what has no keys
 */
export function setInRecipe(recipe: Fields, path: readonly string[], value: unknown): RecipeWithValue {
  const taken: { path: readonly string[]; value: unknown }[] = [];

  const set = (schema: Schema | undefined, base: unknown, depth: number): unknown => {
    if (depth === path.length) return value;
    const [key, at] = [path[depth], path.slice(0, depth)];
    // Of a list, entries alone: it has a length, too.
    if (Array.isArray(base) && /^\d+$/.test(key) && Object.hasOwn(base, key)) {
      return base.map((entry: unknown, i) => (String(i) === key ? set(undefined, entry, depth + 1) : entry));
    }
    const before = schema && formOf(schema, base);
    const other = schema?.getter && !(before && fieldOf(before, key)) ? schema.getter({ [key]: value }) : undefined;
    if (other && fieldOf(other, key))
      return complete(other, at, { [key]: set(fieldOf(other, key), undefined, depth + 1) });
    if (!isFields(base) && !(base === undefined && schema?.entries && fieldOf(schema, key))) {
      throw new RecipeError("setInRecipe", [{ path: at, expected: "an object or a list with this entry", got: base }]);
    }
    const fields = isFields(base) ? base : {};
    const inner = Object.hasOwn(fields, key) ? fields[key] : undefined;
    const changed = { ...fields, [key]: set(before && fieldOf(before, key), inner, depth + 1) };
    if (base === undefined) return complete(schema as Schema, at, changed);
    if (depth === 0 || schema?.type !== "variant") return changed;
    const after = afterSetting(schema, { key, before, changed });
    return after && after !== before ? complete(after, at, pick(changed, Object.keys(after.entries ?? {}))) : changed;
  };

  const complete = ({ entries = {} }: Schema, at: readonly string[], fields: Fields): Fields => {
    const missing = Object.keys(entries).filter((key) => !Object.hasOwn(fields, key) && !entries[key].wrapped);
    const defaults = missing.flatMap((key) => {
      const one = { path: [...at, key], value: branchDefault([...at, key], recipe) };
      return one.value === undefined ? [] : [one];
    });
    taken.push(...defaults);
    return { ...fields, ...Object.fromEntries(defaults.map((one) => [one.path[at.length], one.value])) };
  };

  return { recipe: set(recipeSchema as unknown as Schema, recipe, 0) as Fields, taken };
}

/** The form of a union with another value at a key: another kind, or the same in another way. */
function afterSetting(
  schema: Schema,
  { key, before, changed }: { readonly key: string; readonly before: Schema | undefined; readonly changed: Fields },
): Schema | undefined {
  const keys = discriminants(schema);
  if (keys.includes(key)) return optionOf(schema, changed);
  if (!before || fieldOf(before, key)) return before;
  const other = optionOf(schema, pick(changed, [...keys, key]));
  return other && fieldOf(other, key) ? other : before;
}

/** The form that a value has, of those that a schema has. */
function formOf(schema: Schema, value: unknown): Schema | undefined {
  if (schema.getter) return schema.getter(value);
  return schema.type === "variant" ? (isFields(value) ? optionOf(schema, value) : undefined) : schema;
}
