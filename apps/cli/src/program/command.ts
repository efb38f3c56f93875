// A command is a declaration: its name, what it does in one line, an example, typed flags, and the module that does it.
import { parseImageSize, type ImageSize } from "@beitjs/tensor-core/grid";
import { InvalidArgumentError, Option, type Command as Commander } from "commander";
import type { Host } from "./host.ts";
import type { Interrupt } from "./interrupt.ts";
import type { Terminal } from "./terminal.ts";

/** What a command gets beside its flags. */
export type Context = {
  readonly host: Host;
  readonly terminal: Terminal;
  readonly interrupt: Interrupt;
  /** Has something done when the command ends, well or not. */
  readonly onEnd: (end: () => void) => void;
};

/** One flag. `Value` is what `run` gets for it. */
export type Flag<Value> = {
  readonly description: string;
  /** Name of the value in the help; a switch has none. */
  readonly value?: string;
  readonly required?: boolean;
  readonly many?: boolean;
  readonly choices?: readonly string[];
  readonly fallback?: Value;
  /** A switch that turns off what its name says: `verify` is given as --no-verify. */
  readonly off?: boolean;
  readonly parse?: (text: string) => Value;
};

type Flags = Readonly<Record<string, Flag<never>>>;
/** What `run` gets for these flags. */
export type FlagValues<Declared> = {
  readonly [Name in keyof Declared]: Declared[Name] extends Flag<infer Value> ? Value : never;
};

/** What commands are for, in the order of the help. */
export const commandGroups = ["data", "train", "use", "study", "models", "machine"] as const;
export type CommandGroup = (typeof commandGroups)[number];

export type CommandDeclaration<Declared> = {
  /** One word, or two where one would mean several things: `data verify`. */
  readonly name: string;
  /** Under which heading the help has it. */
  readonly group: CommandGroup;
  readonly summary: string;
  readonly example: string;
  /** The flag given without its name, in first place. */
  readonly argument?: keyof Declared & string;
  readonly flags: Declared;
  /** What is said at the first Ctrl-C, if not that a training run saves first. */
  readonly stopping?: string;
  /** The module that does it, with all that it needs: loaded for this command alone, and not for help. */
  readonly load: () => Promise<CommandModule<FlagValues<Declared>>>;
};

export type CommandModule<Given> = {
  /** @returns the exit code */
  readonly run: (flags: Given, context: Context) => Promise<number>;
};

export type Command = CommandDeclaration<Flags>;

/** Ties the types of the flags to those that `run` gets. */
export function defineCommand<Declared extends Readonly<Record<string, Flag<unknown>>>>(
  declaration: CommandDeclaration<Declared>,
): Command {
  return declaration as unknown as Command;
}

export function required(value: string, description: string): Flag<string> {
  return { value, description, required: true };
}

export function optional(value: string, description: string): Flag<string | undefined> {
  return { value, description };
}

export function defaulted(value: string, description: string, fallback: string): Flag<string> {
  return { value, description, fallback };
}

/** May be given several times, with one or several values each. */
export function list(value: string, description: string, { required = false } = {}): Flag<readonly string[]> {
  return { value, description, many: true, required, fallback: [] };
}

export function toggle(description: string): Flag<boolean> {
  return { description, fallback: false };
}

/** A switch that turns something off; the value is whether it stays on. */
export function toggleOff(description: string): Flag<boolean> {
  return { description, fallback: true, off: true };
}

export function choice<const Choice extends string>(
  choices: readonly Choice[],
  description: string,
): Flag<Choice | undefined>;
export function choice<const Choice extends string>(
  choices: readonly Choice[],
  description: string,
  fallback: Choice,
): Flag<Choice>;
export function choice<const Choice extends string>(
  choices: readonly Choice[],
  description: string,
  fallback?: Choice,
): Flag<Choice | undefined> {
  // Long lists follow the description anyway.
  const value = choices.length > 4 ? "name" : choices.join("|");
  return { value, description, choices, ...(fallback !== undefined && { fallback }) };
}

/** A whole number of at least `least`. */
export function integer(value: string, description: string, least: number): Flag<number | undefined>;
export function integer(value: string, description: string, least: number, fallback: number): Flag<number>;
export function integer(
  value: string,
  description: string,
  least: number,
  fallback?: number,
): Flag<number | undefined> {
  const parse = (text: string): number => {
    const number = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
  };
  return { value, description, parse, ...(fallback !== undefined && { fallback }) };
}

/** A number above 0, such as a rate. */
export function positive(value: string, description: string): Flag<number | undefined> {
  const parse = (text: string): number => {
    const number = Number(text);
    if (text.trim() !== "" && Number.isFinite(number) && number > 0) return number;
    throw new InvalidArgumentError("Expected a positive number such as 0.001 or 1e-3.");
  };
  return { value, description, parse };
}

/** A whole number from `least` to `most`. */
export function range(value: string, description: string, least: number, most: number): Flag<number | undefined> {
  const parse = (text: string): number => {
    const number = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(number) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
  return { value, description, parse };
}

/** Height and width, of images in pixels: 224, or 384x640. */
export function imageSize(description: string, value = "pixels"): Flag<ImageSize | undefined> {
  const parse = (text: string): ImageSize => {
    try {
      return parseImageSize(text);
    } catch {
      throw new InvalidArgumentError(`Expected ${value} such as 224, or 384x640 (height x width).`);
    }
  };
  return { value, description, parse };
}

/** Adds a command to a program, and the first of its two words where there is no such command yet. `action` runs it. */
export function addCommand(
  program: Commander,
  command: Command,
  action: (command: Command, flags: Record<string, unknown>) => Promise<void>,
): void {
  const names = command.name.split(" ");
  const parent = names.length > 1 ? parentOf(program, names[0], command) : program;
  const onlyNames = parent.description() === namesWithin(parent);
  const made = parent
    .command(names[names.length - 1])
    .description(command.summary)
    .helpGroup(headingOf(command));
  // The help of the program has no second words but these.
  if (onlyNames) parent.description(namesWithin(parent));
  if (command.argument) {
    const { value, description, required: needed, many } = command.flags[command.argument];
    const name = many ? `${value}...` : `${value}`;
    made.argument(needed ? `<${name}>` : `[${name}]`, description);
  }
  for (const [name, flag] of Object.entries(command.flags))
    if (name !== command.argument) made.addOption(optionOf(name, flag));
  made.addHelpText("after", `\nExample:\n  ${command.example}`);
  made.action(async (...given: unknown[]) => {
    const positional = command.argument ? { [command.argument]: given[0] } : {};
    await action(command, { ...made.optsWithGlobals(), ...positional });
  });
}

function parentOf(program: Commander, name: string, first: Command): Commander {
  const found = program.commands.find((one) => one.name() === name);
  if (found) return found;
  const made = program.command(name).helpGroup(headingOf(first));
  return made.description(namesWithin(made));
}

function namesWithin(parent: Commander): string {
  return `Commands: ${parent.commands.map((one) => one.name()).join(", ")}`;
}

function headingOf({ group }: Command): string {
  return `${group[0].toUpperCase()}${group.slice(1)}:`;
}

function optionOf(
  name: string,
  { description, value, required: needed, many, choices, fallback, off, parse }: Flag<unknown>,
): Option {
  const flag = `--${off ? "no-" : ""}${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const option = new Option(value === undefined ? flag : `${flag} <${value}${many ? "..." : ""}>`, description);
  if (needed) option.makeOptionMandatory();
  if (choices) option.choices(choices);
  if (parse) option.argParser(parse);
  // An empty list is no default worth showing.
  if (fallback !== undefined) option.default(fallback, many ? "none" : undefined);
  return option;
}
