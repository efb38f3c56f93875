// A recipe made of another one: objects are merged key by key, everything else is replaced, and so is one of several kinds
// of objects by another kind, because its other keys mean nothing there.
import * as v from "valibot";
import { recipe } from "./schema.ts";

type Fields = Readonly<Record<string, unknown>>;
type Schema = v.GenericSchema & {
  readonly type: string;
  readonly key?: string;
  readonly options?: readonly Schema[];
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly wrapped?: Schema;
  readonly getter?: (value: unknown) => Schema;
};

/** `base` with the values of `change`. Neither needs to be complete or right. */
export function mergeRecipe(base: Fields, change: Fields): Fields {
  return merge(recipe as unknown as Schema, base, change) as Fields;
}

function merge(schema: Schema | undefined, base: unknown, change: unknown): unknown {
  if (!isFields(base) || !isFields(change)) return change;
  if (schema?.getter) return merge(schema.getter(change), base, change);
  if (schema?.type !== "variant") return mergeFields(schema?.entries ?? {}, base, change);
  const keys = discriminants(schema);
  const kind = { ...pick(base, keys), ...pick(change, keys) };
  const option = optionOf(schema, kind);
  if (option !== optionOf(schema, base)) return { ...pick(kind, Object.keys(option?.entries ?? {})), ...change };
  return mergeFields(option?.entries ?? {}, base, change);
}

function mergeFields(entries: Readonly<Record<string, Schema>>, base: Fields, change: Fields): Fields {
  const changed = Object.entries(change).map(([key, value]) => {
    const field = Object.hasOwn(entries, key) ? entries[key] : undefined;
    return [key, Object.hasOwn(base, key) ? merge(field?.wrapped ?? field, base[key], value) : value];
  });
  return { ...base, ...(Object.fromEntries(changed) as Fields) };
}

/** The keys that tell a union's objects apart, outer ones first. */
function discriminants({ key, options = [] }: Schema): readonly string[] {
  return key === undefined ? [] : [key, ...options.flatMap(discriminants)];
}

/** The objects of a union that these discriminants mean, if they mean one. */
function optionOf(schema: Schema, kind: Fields): Schema | undefined {
  const keys = discriminants(schema);
  const flat = (option: Schema): readonly Schema[] =>
    option.options && option.type === "variant" ? option.options.flatMap(flat) : [option];
  return flat(schema).find(({ entries = {} }) =>
    keys.every((key) => !Object.hasOwn(entries, key) || accepts(entries[key], kind, key)),
  );
}

function accepts(schema: Schema, kind: Fields, key: string): boolean {
  return Object.hasOwn(kind, key) ? v.is(schema, kind[key]) : schema.wrapped !== undefined;
}

function pick(from: Fields, keys: readonly string[]): Fields {
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(from, key)).map((key) => [key, from[key]]));
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
