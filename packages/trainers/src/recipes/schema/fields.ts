// Schemas that say in plain words what they expect: `message` is the end of "expected <path> to be …". Unknown keys are
// refused with the known ones, and a field that is missing with what it should have been.
import * as v from "valibot";

type Entries = Readonly<Record<string, v.GenericSchema>>;
type Option = v.VariantOptions<string>[number];

/** An object of these fields and no others. */
export function fields<const Fields extends Entries>(entries: Fields) {
  return v.strictObject(entries, ({ path }) => {
    if (!path) return "an object";
    const key = String(path[0].key);
    if (Object.hasOwn(entries, key)) return wordsOf(entries[key]);
    return `one of the known keys (${Object.keys(entries).join(", ")})`;
  });
}

/** One of several objects, told apart by the value of `key`. */
export function variant<const Key extends string, const Options extends v.VariantOptions<Key>>(
  key: Key,
  options: Options,
) {
  return v.variant(key, options, ({ path }) => {
    if (!path) return "an object";
    const choices = options.flatMap((option) => choicesOf(option as Option, String(path[0].key)));
    return listed([...new Set(choices)]);
  });
}

/** One of these texts. */
export function oneOf<const Choices extends readonly [string, ...string[]]>(...choices: Choices) {
  return v.picklist(choices, listed(choices));
}

/** A finite number that `holds`. */
export function number(words: string, holds: (value: number) => boolean = () => true) {
  return v.custom<number>((value) => typeof value === "number" && Number.isFinite(value) && holds(value), words);
}

/** What follows "to be". */
function wordsOf(schema: v.GenericSchema): string {
  const { message, wrapped, getter } = schema as {
    readonly message?: unknown;
    readonly wrapped?: v.GenericSchema;
    readonly getter?: (value: unknown) => v.GenericSchema;
  };
  const inner = wrapped ?? getter?.(undefined);
  if (inner) return wordsOf(inner);
  return typeof message === "string" ? message : "an object";
}

function choicesOf(option: Option, key: string): readonly string[] {
  if (option.type === "variant") return option.options.flatMap((inner: Option) => choicesOf(inner, key));
  const entries: Readonly<Record<string, unknown>> = option.entries;
  const own = entries[key] as { wrapped?: unknown } | undefined;
  const { literal, options = [literal] } = (own?.wrapped ?? own ?? { options: [] }) as {
    readonly literal?: string;
    readonly options?: readonly string[];
  };
  return options as readonly string[];
}

function listed(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join() : `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
}
