// Everything a run's folder says of it, whether it is training, finished or was stopped: what is missing or damaged is a problem in
// words and never the end of the report.
import { promises as files } from "node:fs";
import { dirname, join } from "node:path";
import { upgradeRecipe, type ValidationState } from "@beitjs/trainers";
import { bestCheckpoint, isRunHeld, listCheckpoints } from "@beitjs/trainers/node";
import { parseYaml } from "../../runs/read-yaml.ts";
import { messageOf } from "../../program/exit-codes.ts";
import type { RunPlace } from "./find-runs.ts";
import { hasCode } from "./file-errors.ts";
import type { MetricsLine, MetricsTail } from "./metrics-tail.ts";

export type Fields = Readonly<Record<string, unknown>>;
export type RunState = "training" | "finished" | "stopped";

export type RunRecord = {
  readonly name: string;
  readonly folder: string;
  readonly state: RunState;
  readonly recipe: Fields;
  /** Lines of metrics.jsonl, every step once, in order. */
  readonly lines: readonly MetricsLine[];
  /** Of the newest checkpoint. */
  readonly manifest: Manifest | undefined;
  /** The file's own fields; of a run that went on since, those of its end before. */
  readonly summary: Fields | undefined;
  readonly checkpoints: readonly { readonly path: string; readonly step: number }[];
  readonly best: { readonly path: string; readonly step: number } | undefined;
  readonly problems: readonly string[];
};

type Manifest = {
  readonly step: number;
  readonly position?: { readonly epoch: number; readonly batch: number };
  readonly run?: Fields;
  readonly validation?: ValidationState;
};

const mostProblems = 5;

/** Reads a run; its metrics are those that the tail has read. */
export async function readRun(place: RunPlace, tail: MetricsTail): Promise<RunRecord> {
  const { name, folder, mark } = place;
  const problems: string[] = [];
  const read = (path: string, parser: (text: string) => unknown) => readFields(path, parser, problems);
  const lines = inOrder(tail.lines().filter(({ stage }) => stage === mark));
  const checkpoints = await listCheckpoints(folder);
  const [newest] = checkpoints;
  const manifest = (newest && (await read(join(newest.path, "manifest.json"), JSON.parse))) as Manifest | undefined;
  const summary = await read(join(folder, "summary.json"), JSON.parse);
  const written = await read(join(folder, "recipe.yaml"), (text) => parseYaml("recipe.yaml", text));
  const held = (await isRunHeld(folder)) || (mark !== undefined && (await isRunHeld(dirname(folder))));
  const recipe = written ?? (manifest as Fields | undefined)?.["recipe"] ?? {};
  const state = stateOf({ held, last: lines.at(-1)?.step, recipe: recipe as Fields, manifest, summary });
  return {
    ...{ name, folder, state, lines, manifest, summary, checkpoints },
    recipe: upgraded(recipe as Fields),
    best: await bestCheckpoint(folder),
    problems: [...limited(metricsProblems(tail, lines, state)), ...problems],
  };
}

type Standing = Pick<RunRecord, "recipe" | "manifest" | "summary"> & {
  readonly held: boolean;
  readonly last: number | undefined;
};

// A part of a run that is held may be finished while a later one trains.
function stateOf({ held, last, recipe, manifest, summary }: Standing): RunState {
  const reached = manifest?.position && manifest.position.epoch >= Number(recipe["epochs"]);
  if (reached && manifest.step === last) return "finished";
  if (held) return "training";
  return summary && (last === undefined || summary["step"] === last) ? "finished" : "stopped";
}

// A step that is there twice is that of the later line.
function inOrder(lines: readonly MetricsLine[]): readonly MetricsLine[] {
  const bySteps = lines.every(({ step }, i) => i === 0 || step > lines[i - 1].step);
  if (bySteps) return lines;
  return [...new Map(lines.map((line) => [line.step, line])).values()].sort((a, b) => a.step - b.step);
}

function metricsProblems(tail: MetricsTail, lines: readonly MetricsLine[], state: RunState): readonly string[] {
  const file = "metrics.jsonl";
  const damaged = tail.problems().map((problem) => `${file}, ${problem}`);
  const cut = state !== "training" && tail.endsInMidLine() ? [`${file} ends in the middle of a line`] : [];
  const missing = lines.flatMap(({ step }, i) => {
    const before = i === 0 ? 0 : lines[i - 1].step;
    if (step - before <= 1) return [];
    return [`${file}: ${step - before === 2 ? `step ${step - 1} is` : `steps ${before + 1} to ${step - 1} are`} missing`];
  });
  const odd = lines.filter(({ values }) => values["loss"] === null).map(({ step }) => step);
  const infinite =
    odd.length > 0 ? [`${file}: no finite loss at step ${odd[0]}${odd.length > 1 ? ` and ${odd.length - 1} others` : ""}`] : [];
  const none = lines.length === 0 && state !== "training" ? [`${file}: no step is recorded yet`] : [];
  return [...damaged, ...missing, ...infinite, ...cut, ...none];
}

function limited(problems: readonly string[]): readonly string[] {
  const more = problems.length - mostProblems;
  return more > 0 ? [...problems.slice(0, mostProblems), `and ${more} more of these`] : problems;
}

async function readFields(
  path: string,
  parser: (text: string) => unknown,
  problems: string[],
): Promise<Fields | undefined> {
  try {
    const value = parser(await files.readFile(path, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
    problems.push(`${path}: expected fields`);
  } catch (error) {
    // A checkpoint may have been replaced by the next one meanwhile.
    if (!hasCode(error, "ENOENT")) problems.push(`${path}: ${messageOf(error)}`);
  }
  return undefined;
}

// One of another program may have anything in its fields.
function upgraded(recipe: Fields): Fields {
  try {
    return upgradeRecipe(recipe);
  } catch {
    return recipe;
  }
}
