// Runs in the folders of a command line: a run's own folder, a part of a run with several (as the demo's), or a folder of runs.
import { promises as files } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { messageOf, usageError } from "../../program/exit-codes.ts";
import { hasCode } from "./file-errors.ts";

export type RunPlace = {
  /** What tells it from the others: the end of its path. */
  readonly name: string;
  readonly folder: string;
  /** Path of its metrics.jsonl. */
  readonly metrics: string;
  /** Mark of its lines in a file of several parts. */
  readonly mark?: string;
};

const METRICS = "metrics.jsonl";
const deepest = 3;

/**
 * The runs of all paths, each once, named by what their paths differ in.
 *
 * @throws a usage error for a path without a run
 */
export async function findRuns(paths: readonly string[]): Promise<readonly RunPlace[]> {
  const found = new Map<string, Omit<RunPlace, "name">>();
  for (const path of paths) {
    const runs = await runsIn(resolve(path), path, deepest);
    if (runs.length === 0)
      throw usageError(`${path}: expected a run, or a folder of runs: one has recipe.yaml, metrics.jsonl or checkpoints`);
    for (const run of runs) found.set(await files.realpath(run.folder), run);
  }
  return named([...found.values()]);
}

async function runsIn(folder: string, asked: string, depth: number): Promise<readonly Omit<RunPlace, "name">[]> {
  const entries = await list(folder, asked);
  const has = (name: string) => entries.some((entry) => entry.name === name);
  const folders = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  if (has("recipe.yaml") || has("checkpoints")) return [{ folder, ...(await metricsOf(folder, has(METRICS))) }];
  const parts = has(METRICS) ? await partsOf(folder, folders) : [];
  if (has(METRICS)) return parts.length > 0 ? parts : [{ folder, metrics: join(folder, METRICS) }];
  if (depth === 0) return [];
  const below: Omit<RunPlace, "name">[] = [];
  for (const { name } of folders) below.push(...(await runsIn(join(folder, name), join(asked, name), depth - 1)));
  return below;
}

async function partsOf(
  folder: string,
  folders: readonly { readonly name: string }[],
): Promise<readonly Omit<RunPlace, "name">[]> {
  const metrics = join(folder, METRICS);
  const parts: Omit<RunPlace, "name">[] = [];
  for (const { name } of folders) {
    const there = await files.stat(join(folder, name, "recipe.yaml")).catch(() => undefined);
    if (there) parts.push({ folder: join(folder, name), metrics, mark: name });
  }
  return parts;
}

// A part of a run with several has its lines in the file of the whole.
async function metricsOf(folder: string, own: boolean): Promise<Pick<RunPlace, "metrics" | "mark">> {
  const shared = join(dirname(folder), METRICS);
  if (own || !(await files.stat(shared).catch(() => undefined))) return { metrics: join(folder, METRICS) };
  return { metrics: shared, mark: basename(folder) };
}

async function list(folder: string, asked: string) {
  try {
    return await files.readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (hasCode(error, "ENOENT")) throw usageError(`${asked}: expected the folder of a run, but there is nothing`);
    if (hasCode(error, "ENOTDIR")) throw usageError(`${asked}: expected the folder of a run, got a file`);
    throw new Error(`could not read ${asked}: ${messageOf(error)}`, { cause: error });
  }
}

function named(places: readonly Omit<RunPlace, "name">[]): readonly RunPlace[] {
  const split = places.map(({ folder }) => dirname(folder).split(sep));
  const shared = split.reduce((common, parts) => {
    const end = common.findIndex((part, i) => part !== parts[i]);
    return end < 0 ? common : common.slice(0, end);
  });
  const above = shared.join(sep) || sep;
  return places.map((place) => ({ name: relative(above, place.folder).split(sep).join("/"), ...place }));
}
