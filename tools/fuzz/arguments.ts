// Command lines of every kind up to where a command would begin: each ends with a wrong use that says why, or a command gets values
// of the kind that its flags declare.
import { EventEmitter } from "node:events";
import { runCli } from "../../apps/cli/src/cli.ts";
import { commands } from "../../apps/cli/src/commands/index.ts";
import type { Command } from "../../apps/cli/src/program/command.ts";
import type { Host, Output } from "../../apps/cli/src/program/host.ts";
import { assignmentsOf } from "../../apps/cli/src/runs/assignments.ts";
import type { Rng } from "../../packages/tensor-core/src/random.ts";
import { pick } from "./bytes.ts";
import type { FuzzFormat, FuzzInput } from "./run.ts";

const values: readonly string[] = [
  ...[
    "1",
    "0",
    "-1",
    "1.5",
    "1e999",
    "1e3",
    "0x10",
    "NaN",
    "Infinity",
    "99999999999999999999",
    " ",
    "",
    "8x7",
    "224",
    "all",
  ],
  ...[
    "never",
    "2epochs",
    "0.5",
    "simd",
    "auto",
    "__proto__",
    "constructor",
    "toString",
    "epochs=3",
    "model.width=",
    "=",
    "a.b=[[[",
  ],
  ...[
    "\u001b[2J",
    "\u202e",
    "\n",
    "\ud800",
    "--",
    "-",
    "-1e5",
    "-h",
    "--json",
    "'",
    "x".repeat(3000),
    "https://u:p@h/a?b",
    "cat.png",
  ],
];
const stray: readonly string[] = [
  ...[
    "--",
    "-",
    "--json",
    "--debug",
    "--help",
    "-h",
    "--version",
    "-V",
    "help",
    "--no-json",
    "--__proto__",
    "--constructor=1",
  ],
  ...[
    "--hasOwnProperty",
    "--no-",
    "---",
    "--=",
    "--=1",
    "-xyz",
    "--Json",
    "--JSON",
    "-j",
    "data",
    "recipes",
    "show",
    "verify",
  ],
];

const flagName = (name: string, off = false): string =>
  `--${off ? "no-" : ""}${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

export function argumentsFormat(): FuzzFormat {
  return {
    name: "arguments",
    make(rng) {
      const command = pick(commands, rng);
      const argv = [...sensible(command, rng)];
      const times = rng.integer(5);
      for (let i = 0; i < times; i++) damage(rng, argv, command);
      return {
        label: times === 0 ? "sensible" : `damaged ${times}`,
        bytes: new Uint8Array(Buffer.from(JSON.stringify(argv))),
      };
    },
    check,
  };
}

/** What the command needs, and some flags with values that may fit. */
function sensible({ name, flags, argument }: Command, rng: Rng): string[] {
  const argv = name.split(" ");
  for (const [key, { value, required, many, choices, off }] of Object.entries(flags)) {
    if (!required && rng.integer(5) > 0) continue;
    if (key !== argument) argv.push(flagName(key, off));
    if (value === undefined) continue;
    const count = many ? 1 + rng.integer(2) : 1;
    for (let i = 0; i < count; i++)
      argv.push(choices && rng.integer(4) > 0 ? pick(choices, rng) : pick(values.slice(0, 8), rng));
  }
  return argv;
}

const nameAndSign = ([name, { off = false }]: readonly [string, Command["flags"][string]]): readonly [
  string,
  boolean,
] => [name, off];

function damage(rng: Rng, argv: string[], { flags }: Command): void {
  const at = rng.integer(argv.length + 1);
  const all = Object.entries(flags);
  const [key, off] = all.length > 0 ? nameAndSign(pick(all, rng)) : ["json", false];
  const named = flagName(key, off);
  const change: readonly (() => unknown)[] = [
    () => argv.splice(at, 1),
    () => argv.splice(at, 0, pick(values, rng)),
    () => argv.splice(at, 0, pick(stray, rng)),
    () => argv.splice(at, 0, named, pick(values, rng)),
    () => argv.splice(at, 0, `${named}=${pick(values, rng)}`),
    () => argv.splice(at, 0, ...argv.slice(at)),
    () => argv.splice(at, 1, `${argv[at] ?? ""}${pick([...values, ...stray], rng)}`),
    () => argv.splice(at, 1, (argv[at] ?? "").slice(1 + rng.integer(3))),
    () => argv.reverse(),
    () => argv.splice(0, 0, argv.splice(at, 1)[0] ?? ""),
  ];
  pick(change, rng)();
}

type Given = { readonly command: Command; readonly flags: Readonly<Record<string, unknown>> };

async function check({ bytes }: FuzzInput): Promise<string> {
  const argv = JSON.parse(Buffer.from(bytes).toString()) as string[];
  let given: Given | undefined;
  const known = commands.map((command): Command => {
    const run = (flags: Given["flags"]): Promise<number> => {
      given = { command, flags };
      if (Array.isArray(flags["set"])) assignmentsOf({ set: flags["set"] as string[] });
      return Promise.resolve(0);
    };
    return { ...command, load: () => Promise.resolve({ run }) };
  });
  const [stdout, stderr] = [recorder(), recorder()];
  const exit = (code: number): void => demand(false, `no exit, got ${code}`);
  const host: Host = {
    ...{ env: {}, signals: new EventEmitter(), exit, now: Date.now, elapsed: () => performance.now() },
    stdout,
    stderr,
  };
  const code = await runCli(argv, host, known);
  const [out, err] = [stdout.text(), stderr.text()];
  demand(code === 0 || code === 2, `0 or 2, got ${code}: ${err}`);
  demand(
    !/[\p{Cc}\p{Cf}\p{Cs}]/u.test((out + err).replaceAll("\n", "")),
    `nothing unseen, got ${JSON.stringify(out + err)}`,
  );
  demand(Object.keys(Object.prototype).length === 0, "prototypes as they were");
  const errors = err.split("\n").filter((line) => line.startsWith("beit: "));
  const usage = err.startsWith("Usage: ");
  demand(errors.length === (code === 0 || usage ? 0 : 1), `a line that says why, got ${code}: ${err.slice(0, 500)}`);
  demand(
    errors.every((line) => line.length < 2100),
    "a line that one can read",
  );
  demand(
    errors.every((line) => !/Cannot read|is not a function|is not iterable/.test(line)),
    `a reason, got ${err}`,
  );
  if (code === 2) return usage ? "help, wrong use" : "wrong use";
  if (given === undefined) return "help or version";
  for (const [name, flag] of Object.entries(given.command.flags)) demandFits(name, flag, given.flags[name]);
  return "accepted";
}

/** @throws unless a command gets what its flag declares */
function demandFits(
  name: string,
  { value, many, choices, required, fallback }: Command["flags"][string],
  got: unknown,
): void {
  const shown = `--${name}: ${JSON.stringify(got)}`;
  if (got === undefined) return demand(!required && fallback === undefined, `a value of --${name}`);
  if (value === undefined) return demand(typeof got === "boolean", `yes or no, got ${shown}`);
  if (many) return demand(Array.isArray(got) && got.every((one) => typeof one === "string"), `a list, got ${shown}`);
  if (choices) return demand(choices.includes(got as string), `one of ${choices.join()}, got ${shown}`);
  demand(typeof got !== "number" || !Number.isNaN(got), `a number, got ${shown}`);
  demand(["string", "number", "object"].includes(typeof got), `a value, got ${shown}`);
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected ${what}`);
}

function recorder(): Output & { readonly text: () => string } {
  let text = "";
  const stream = Object.assign(new EventEmitter(), {
    isTTY: false,
    write(chunk: string) {
      text += chunk;
      return true;
    },
    text: () => text,
  });
  return stream as unknown as Output & { readonly text: () => string };
}
