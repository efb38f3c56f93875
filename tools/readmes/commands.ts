// The command lines of a page: `beit` is run by the program that was built, on the reader's files; npm is asked for nothing,
// but what it would install or run has to exist.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { commands } from "../../apps/cli/src/commands/index.ts";
import { packageFolder } from "./folder.ts";
import { root, type Block } from "./pages.ts";

/** Commands of a block of shell lines, without their comments. */
export function linesOf({ text }: Block): readonly string[] {
  const joined = text.replace(/\\\n/g, " ").replace(/(?:^|\s)#.*$/gm, "");
  return joined.split(/\n|&&/).flatMap((line) => (line.trim() === "" ? [] : [line.trim().replace(/^npx /, "")]));
}

/** Whether a mention names a command that exists, with flags that it has: `beit convert --half`, `beit data verify DIR`. */
export function isKnown(mention: string): boolean {
  const words = mention.split(/\s+/);
  const fitting = commands.filter(({ name }) => `${mention} `.startsWith(`${name} `));
  const command = fitting.reduce<(typeof commands)[number] | undefined>(
    (longest, one) => (one.name.length > (longest?.name.length ?? 0) ? one : longest),
    undefined,
  );
  const flags = Object.keys(command?.flags ?? {}).map(
    (name) => `--${name.replace(/[A-Z]/g, (a) => `-${a.toLowerCase()}`)}`,
  );
  const asked = words.filter((word) => word.startsWith("--"));
  return command !== undefined && asked.every((word) => [...flags, "--json", "--debug", "--help"].includes(word));
}

// What is added to a printed command so that it takes seconds. What fits what is the program's matter, so nothing else is said.
const short = ["--epochs", "1", "--batch-size", "4"];
const scaled: Readonly<Record<string, readonly string[]>> = {
  demo: ["--short"],
  "train-tokenizer": short,
  pretrain: short,
  finetune: short,
  "label-efficiency": [...short, "--draws", "1"],
  ablate: [...short, "--seeds", "1", "--rows", "beit", "pixels"],
};

/** Runs a command of a page in the reader's folder. */
export async function runLine(line: string, folder: string): Promise<void> {
  const [program, ...words] = line.split(/\s+/);
  if (program === "beit") {
    const bin = join(root, "apps", "cli", "bin", "beit.js");
    const more = scaled[words[0]];
    const given = more ? withoutLength(words) : words;
    if (words[0] === "watch") return untilItServes([bin, ...words], folder);
    await promisify(execFile)(process.execPath, [bin, ...given, ...(more ?? [])], { cwd: folder });
  } else if (program === "npm") checkNpm(words);
  else throw new Error(`[runLine] expected beit or npm, got ${line}`);
}

// A command that serves until Ctrl-C is sent one when it has said where.
async function untilItServes(argv: readonly string[], folder: string): Promise<void> {
  const child = spawn(process.execPath, argv, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (text: Buffer) => void (said += text.toString()));
  child.stdout.once("data", () => void child.kill("SIGINT"));
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`[runLine] expected exit code 0, got ${code}: ${said}`);
}

// What is added says it again.
function withoutLength(words: readonly string[]): readonly string[] {
  const said = ["--epochs", "--steps", "--batch-size"];
  return words.filter((word, i) => !said.includes(word) && !said.includes(words[i - 1]));
}

function checkNpm([action, ...names]: readonly string[]): void {
  if (action === "install") {
    for (const name of names.filter((word) => !word.startsWith("-"))) packageFolder(name);
    return;
  }
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
  const script = action === "run" ? names[0] : action;
  if (!Object.hasOwn(scripts, script)) throw new Error(`[runLine] expected a script of the repository, got ${script}`);
}
