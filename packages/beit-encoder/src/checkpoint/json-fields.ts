// Reads fields of parsed JSON that somebody else wrote: only own fields count, each has a type, and errors name the path.

export type JsonFields = {
  /** A field as it is; `fallback` where it is absent. Null counts as absent. */
  value(name: string, fallback: unknown): unknown;
  number(name: string, fallback: number): number;
  flag(name: string, fallback: boolean): boolean;
  check(valid: boolean, expected: string, got: unknown): void;
  refuse(expected: string, got: unknown): never;
};

/** @internal @throws `[caller] expected …, got …` if `json` is no object */
export function fieldsOf(caller: string, json: unknown): JsonFields {
  const refuse = (expected: string, got: unknown): never => {
    throw new Error(`[${caller}] expected ${expected}, got ${got === undefined ? "none" : JSON.stringify(got)}`);
  };
  if (typeof json !== "object" || json === null || Array.isArray(json)) return refuse("an object", json);
  const fields = new Map<string, unknown>(Object.entries(json));
  const value = (name: string, fallback: unknown): unknown => fields.get(name) ?? fallback;
  return {
    value,
    refuse,
    check(valid, expected, got) {
      if (!valid) refuse(expected, got);
    },
    number(name, fallback) {
      const found = value(name, fallback);
      return typeof found === "number" ? found : refuse(`${name} to be a number`, found);
    },
    flag(name, fallback) {
      const found = value(name, fallback);
      return typeof found === "boolean" ? found : refuse(`${name} to be true or false`, found);
    },
  };
}
