// JSON that lies beside weights, or in their metadata, written by somebody else: only own fields count, each has a type, and
// errors name the path.
import { firstOf, readWhole, type FileSource } from "@beitjs/tensor-core/files";

// The language's own library has no name for it, though every host does.
declare const TextDecoder: { new (label: string, options: { fatal: boolean }): { decode(bytes: Uint8Array): string } };

const maxBytes = 50_000_000;

/** @throws `[openBeit] expected <name> to be JSON, got …` */
export async function readJson(source: FileSource): Promise<object> {
  if (source.size > maxBytes) {
    throw new Error(`[openBeit] expected ${source.name} of at most ${maxBytes} bytes, got ${source.size}`);
  }
  const bytes = await readWhole(source);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error(`[openBeit] expected ${source.name} to be JSON, got bytes that are no UTF-8`, { cause });
  }
  return parseJson(text, source.name);
}

export function parseJson(text: string, name: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`[openBeit] expected ${name} to be JSON, got ${JSON.stringify(text.slice(0, 40))}`, { cause });
  }
  if (typeof value === "object" && value !== null) return value;
  throw new Error(`[openBeit] expected ${name} to be a JSON object, got ${JSON.stringify(value).slice(0, 40)}`);
}

export type JsonFields = {
  /** A field as it is; `fallback` where it is absent. Null counts as absent, unless nulls are kept. */
  value(name: string, fallback: unknown): unknown;
  number(name: string, fallback: number): number;
  flag(name: string, fallback: boolean): boolean;
  check(valid: boolean, expected: string, got: unknown): void;
  refuse(expected: string, got: unknown): never;
};

export type JsonOptions = {
  /** Null is a value: a flag that is off, and nothing where a number or a list is needed. */
  readonly keepNulls?: boolean;
};

/** @internal @throws `[caller] expected …, got …` if `json` is no object */
export function fieldsOf(caller: string, json: unknown, { keepNulls = false }: JsonOptions = {}): JsonFields {
  const refuse = (expected: string, got: unknown): never => {
    throw new Error(`[${caller}] expected ${expected}, got ${shown(got)}`);
  };
  if (typeof json !== "object" || json === null || Array.isArray(json)) return refuse("an object", json);
  const fields = new Map<string, unknown>(Object.entries(json));
  const value = (name: string, fallback: unknown): unknown => {
    const found = fields.get(name);
    return found === undefined || (found === null && !keepNulls) ? fallback : found;
  };
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
      const found = value(name, fallback) ?? false;
      return typeof found === "boolean" ? found : refuse(`${name} to be true or false`, found);
    },
  };
}

// A value may be nested deeper than a text can be made of.
function shown(value: unknown): string {
  if (value === undefined) return "none";
  try {
    return firstOf([JSON.stringify(value)]);
  } catch {
    return "a value of very many levels";
  }
}
