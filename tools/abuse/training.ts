// Runs that are small enough to be killed hundreds of times, and what a run must have in the end however often it was stopped.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { bestCheckpoint, listCheckpoints, loadCheckpoint } from "../../packages/trainers/src/node/index.ts";
import { writeIdx, writeRecipes } from "../../apps/cli/src/testing/run-cli.ts";
import { beitEndsWith, demand } from "./harness.ts";

/** A command without the folder that it writes to. */
export type Training = { readonly name: string; readonly args: readonly string[]; readonly reference: string };

const simd = ["--backend", "simd", "--threads", "1"];

/**
 * Makes data, recipes and a run of each kind that nobody touches, with which the others are compared.
 *
 * @param kinds all by default
 */
export async function prepareTrainings(folder: string, kinds: readonly string[]): Promise<Training[]> {
  const data = await writeIdx(join(folder, "idx"), 32);
  const recipe = await writeRecipes(join(folder, "recipes"));
  const [tokenizer, pretrain] = [join(folder, "reference", "tokenizer"), join(folder, "reference", "pretrain")];
  const watched = ["--val-share", "0.25", "--eval-every", "2", "--ema", "0.7"];
  const train = (command: string, name: Parameters<typeof recipe>[0], ...more: readonly string[]) =>
    [command, "--data", data, "--recipe", recipe(name), "--save-every", "1", "--json", ...simd].concat(more);
  const commands: Readonly<Record<string, readonly string[]>> = {
    tokenizer: train("train-tokenizer", "tokenizer", ...watched, "--keep", "3"),
    gaussian: train("train-tokenizer", "gaussian", "--keep", "1"),
    pretrain: train("pretrain", "pretrain", "--tokenizer", tokenizer, ...watched, "--keep", "1"),
    finetune: train("finetune", "fineTune", "--from", pretrain, ...watched, "--early-stop", "2", "--keep", "all"),
    demo: ["demo", "--short", "--json", ...simd],
  };
  const trainings = kinds.map((name) => {
    const reference = join(folder, "reference", name);
    return { name, args: commands[name] as readonly string[], reference };
  });
  mkdirSync(join(folder, "reference"));
  for (const { args, reference } of trainings) await beitEndsWith(0, [...args, "--out", reference]);
  return trainings;
}

/** @throws unless everything that has a checkpoint's name is a whole checkpoint */
export async function demandWholeCheckpoints(run: string): Promise<number> {
  let count = 0;
  for (const folder of foldersOf(run)) {
    const best = await bestCheckpoint(folder);
    for (const { path } of [...(await listCheckpoints(folder)), ...(best ? [best] : [])]) {
      await loadCheckpoint(path);
      count++;
    }
  }
  return count;
}

// A demo has its stages' runs in its folder.
function foldersOf(run: string): string[] {
  const checkpoints = filesOf(run).filter((path) => basename(path) === "manifest.json");
  return [...new Set(checkpoints.map((path) => dirname(dirname(dirname(join(run, path))))))];
}

/** @throws unless a run has the files of its reference, weights and moments bit by bit, and the same told of every step */
export function demandSame(run: string, { name, reference }: Training): void {
  const own = filesOf(run).filter((path) => !unpruned(filesOf(run), filesOf(reference)).has(dirname(path)));
  const [got, wanted] = [own, filesOf(reference)].map((files) => files.map(timeless).sort());
  demand(got?.join() === wanted?.join(), `the files ${wanted?.join(", ")} of ${name}, got ${got?.join(", ")}`);
  for (const path of own) {
    const [one, other] = [run, reference].map((folder) => () => contentOf(folder, path));
    if (one && other) demand(one() === other(), `${name}'s ${path} to be that of a run that nobody touched`);
  }
}

// A kill between the last checkpoint and the removal of the one before leaves that one: a run that is done removes nothing.
function unpruned(files: readonly string[], wanted: readonly string[]): ReadonlySet<string> {
  const checkpoints = (paths: readonly string[]) =>
    [...new Set(paths.map((path) => dirname(path)).filter((path) => /\/step-\d+$/.test(`/${path}`)))].sort();
  const more = checkpoints(files).filter((path) => !checkpoints(wanted).includes(path));
  return new Set(more.length === 1 && more[0] < (checkpoints(wanted).at(-1) ?? "") ? more : []);
}

function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

// TensorBoard's file has the time in its name.
const timeless = (path: string): string => path.replace(/tfevents\.\d+/, "tfevents");

// What must be the same of a file: all of it but times, and the folder's own name.
function contentOf(folder: string, path: string): string {
  const name = basename(path);
  if (name.endsWith(".safetensors"))
    return createHash("sha256")
      .update(readFileSync(join(folder, path)))
      .digest("hex");
  if (name === "metrics.jsonl")
    return linesOf(join(folder, path))
      .map((line) => JSON.stringify({ ...line, time: 0 }))
      .join("\n");
  if (name === "manifest.json" || (name === "summary.json" && !path.includes("demo"))) {
    const {
      thisCall: _,
      seconds: __,
      finished: ___,
      ...facts
    } = JSON.parse(readFileSync(join(folder, path), "utf8")) as Record<string, unknown>;
    return JSON.stringify(facts).replaceAll(folder, "");
  }
  return "";
}

function linesOf(path: string): object[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
}
