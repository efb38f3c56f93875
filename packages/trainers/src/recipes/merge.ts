// A recipe made of another one: objects are merged key by key, everything else is replaced, and so is one of several kinds
// of objects by another kind, because its other keys mean nothing there.
import { recipe } from "./schema.ts";
import { discriminants, fieldOf, isFields, optionOf, pick, type Fields, type Schema } from "./schema/forms.ts";

/** `base` with the values of `change`. Neither needs to be complete or right. */
export function mergeRecipe(base: Fields, change: Fields): Fields {
  return merge(recipe as unknown as Schema, base, change) as Fields;
}

function merge(schema: Schema | undefined, base: unknown, change: unknown): unknown {
  if (!isFields(base) || !isFields(change)) return change;
  if (schema?.getter) {
    const form = schema.getter(change);
    return form === schema.getter(base) ? merge(form, base, change) : change;
  }
  if (schema?.type !== "variant") return mergeFields(schema, base, change);
  const keys = discriminants(schema);
  const kind = { ...pick(base, keys), ...pick(change, keys) };
  const option = optionOf(schema, { ...kind, ...change });
  if (option !== optionOf(schema, base)) return { ...pick(kind, Object.keys(option?.entries ?? {})), ...change };
  return mergeFields(option, base, change);
}

function mergeFields(form: Schema | undefined, base: Fields, change: Fields): Fields {
  const changed = Object.entries(change).map(([key, value]) => {
    return [key, Object.hasOwn(base, key) ? merge(form && fieldOf(form, key), base[key], value) : value];
  });
  return { ...base, ...(Object.fromEntries(changed) as Fields) };
}
