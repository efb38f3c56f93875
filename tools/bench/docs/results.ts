// Saved results (`--save FOLDER`) as the page wants them: one folder for every engine, a JSON document for every suite.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suiteNames, type SuiteName } from "../arguments.ts";
import type { Report } from "../report.ts";

/** A report as it was saved: without its columns. */
export type SavedReport = Omit<Report, "columns">;

export type SavedRun = {
  /** The engine, as in "Node 20". */
  readonly engine: string;
  readonly reports: ReadonlyMap<SuiteName, SavedReport>;
};

/** @throws for a folder without reports, or with reports of several engines */
export function readRun(folder: string): SavedRun {
  const reports = new Map<SuiteName, SavedReport>();
  for (const file of readdirSync(folder)) {
    const suite = suiteNames.find((name) => file === `${name}.json`);
    if (suite) reports.set(suite, JSON.parse(readFileSync(join(folder, file), "utf8")) as SavedReport);
  }
  const engines = [...new Set([...reports.values()].map(engineOf))];
  if (engines.length !== 1)
    throw new Error(`[readRun] expected reports of one engine in ${folder}, got ${engines.length}`);
  return { engine: engines[0], reports };
}

function engineOf({ versions }: SavedReport): string {
  return `Node ${versions.node.split(".")[0]}`;
}
