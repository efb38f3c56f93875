// The steps of a run as lines of JSON, for programs: metrics.jsonl. A resumed run first drops what lies after its checkpoint, so that
// every step is there once.
import { promises as files } from "node:fs";
import { join } from "node:path";
import type { LogEntry, Logger } from "../logging/logger.ts";
import { hasCode, writeErrorReason } from "./checkpoint-files.ts";
import { writeWholeFile } from "./whole-file.ts";

export type JsonLinesOptions = {
  /** Finished steps that the run starts with; lines of later steps are dropped. 0 for a fresh run. */
  readonly after: number;
  /** Part of a run with several parts in one file: only its own lines are dropped. */
  readonly stage?: string | undefined;
};

export interface JsonLines extends Logger {
  /** Lines that were kept. */
  readonly kept: readonly LogEntry[];
}

type Line = { readonly stage?: string; readonly step: number; readonly time: number } & Readonly<
  Record<string, unknown>
>;

const LINES = "metrics.jsonl";

/** Opens `metrics.jsonl` of a folder for appending. Numbers that JSON does not have are null there. */
export async function openJsonLines(folder: string, { after, stage }: JsonLinesOptions): Promise<JsonLines> {
  const path = join(folder, LINES);
  const kept = (await readLines(path)).filter((line) => line.stage !== stage || line.step <= after);
  const failing = (cause: unknown): never => {
    throw new Error(`[openJsonLines] could not write ${path}: ${writeErrorReason(cause)}`, { cause });
  };
  await writeWholeFile(path, kept.map((line) => `${JSON.stringify(line)}\n`).join("")).catch(failing);
  const file = await files.open(path, "a");
  return {
    kept: kept.map(entryOf),
    async log({ values, ...rest }) {
      const { stage: own, step, time } = rest;
      const line = { ...(own !== undefined && { stage: own }), step, time, ...values };
      await file.writeFile(`${JSON.stringify(line)}\n`).catch(failing);
    },
    flush: () => file.sync().catch(failing),
    close: () => file.close(),
  };
}

function entryOf({ stage, step, time, ...values }: Line): LogEntry {
  const numbers = Object.entries(values).map(([name, value]) => [name, value ?? NaN] as const);
  return {
    ...(stage !== undefined && { stage }),
    ...{ step, time },
    values: Object.fromEntries(numbers.filter(([, value]) => typeof value === "number")) as LogEntry["values"],
  };
}

// A killed run may leave half a line at the end; such a line is not kept.
async function readLines(path: string): Promise<Line[]> {
  let text: string;
  try {
    text = await files.readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
  return text.split("\n").flatMap((line) => {
    try {
      const value = JSON.parse(line) as Line | null;
      return Number.isInteger(value?.step) && typeof value?.time === "number" ? [value] : [];
    } catch {
      return [];
    }
  });
}
