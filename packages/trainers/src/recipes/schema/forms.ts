// Which of a schema's forms a value has or is to have: recipes that are made of others go by it.
import * as v from "valibot";

export type Fields = Readonly<Record<string, unknown>>;

/** What of a schema is read here. */
export type Schema = v.GenericSchema & {
  readonly type: string;
  readonly key?: string;
  readonly options?: readonly Schema[];
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly wrapped?: Schema;
  readonly getter?: (value: unknown) => Schema;
};

/** The schema of a field of these entries; of an optional one, what it is where it is there. */
export function fieldOf({ entries = {} }: Pick<Schema, "entries">, key: string): Schema | undefined {
  const field = Object.hasOwn(entries, key) ? entries[key] : undefined;
  return field?.wrapped ?? field;
}

/** The keys that tell a union's objects apart, outer ones first. */
export function discriminants({ key, options = [] }: Schema): readonly string[] {
  return key === undefined ? [] : [key, ...options.flatMap(discriminants)];
}

/** The object of a union that these discriminants mean, if they mean one; of several, the first that has all the keys. */
export function optionOf(schema: Schema, kind: Fields): Schema | undefined {
  const keys = discriminants(schema);
  const flat = (option: Schema): readonly Schema[] =>
    option.options && option.type === "variant" ? option.options.flatMap(flat) : [option];
  const meant = flat(schema).filter(({ entries = {} }) =>
    keys.every((key) => !Object.hasOwn(entries, key) || accepts(entries[key], kind, key)),
  );
  const whole = ({ entries = {} }: Schema) => Object.keys(kind).every((key) => Object.hasOwn(entries, key));
  return meant.find(whole) ?? meant[0];
}

function accepts(schema: Schema, kind: Fields, key: string): boolean {
  return Object.hasOwn(kind, key) ? v.is(schema, kind[key]) : schema.wrapped !== undefined;
}

export function pick(from: Fields, keys: readonly string[]): Fields {
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(from, key)).map((key) => [key, from[key]]));
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
