// What a run reports, step by step: metrics.jsonl for programs and an event file for TensorBoard beside it. A resumed run
// first drops what lies after its checkpoint, so that curves have every step once.
import { promises as files } from "node:fs";
import { join } from "node:path";
import { createEventWriter } from "../tensorboard.ts";
import { hasCode, writeErrorReason } from "./checkpoint-files.ts";

export type MetricsOptions = {
  /** Finished steps that the run starts with; lines of later steps are dropped. 0 for a fresh run. */
  readonly after: number;
  /** Part of a run with several parts in one file: marks the lines, and only its own lines are dropped. */
  readonly stage?: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

export interface MetricsWriter {
  /** Appends one line (with the time in seconds since 1970), and one record of the event file. */
  write(step: number, values: Readonly<Record<string, number>>): Promise<void>;
  close(): Promise<void>;
}

type Line = { readonly stage?: string; readonly step: number; readonly time: number } & Readonly<
  Record<string, unknown>
>;

const LINES = "metrics.jsonl";
const ownEvents = /^events\.out\.tfevents\.\d+\.beitjs$/;

/** Opens `metrics.jsonl` and the event file of a folder for appending. The event file is made anew from the kept lines. */
export async function openMetrics(folder: string, { after, stage, now }: MetricsOptions): Promise<MetricsWriter> {
  const path = join(folder, LINES);
  const kept = (await readLines(path)).filter((line) => line.stage !== stage || line.step <= after);
  await replaceFile(path, kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const events = createEventWriter();
  const eventPath = await startEvents(folder, now());
  const lineFile = await files.open(path, "a");
  const eventFile = await files.open(eventPath, "a");
  const record = ({ stage: of, step, time, ...values }: Line) => {
    const tagged = Object.entries(values).map(([name, value]) => [
      of === undefined ? name : `${of}/${name}`,
      value ?? NaN,
    ]);
    return events.scalars(step, time, Object.fromEntries(tagged) as Record<string, number>);
  };
  await eventFile.writeFile(events.fileVersion(now() / 1000));
  for (const line of kept) await eventFile.writeFile(record(line));
  return {
    async write(step, values) {
      const line: Line = {
        ...(stage !== undefined && { stage }),
        step,
        time: now() / 1000,
        ...values,
      };
      try {
        await lineFile.writeFile(`${JSON.stringify(line)}\n`);
        await eventFile.writeFile(record(line));
      } catch (cause) {
        throw new Error(`[openMetrics] could not write ${path}: ${writeErrorReason(cause)}`, { cause });
      }
    },
    async close() {
      await lineFile.close();
      await eventFile.close();
    },
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

async function startEvents(folder: string, now: number): Promise<string> {
  const old = (await files.readdir(folder)).filter((name) => ownEvents.test(name));
  for (const name of old) await files.rm(join(folder, name));
  return join(folder, `events.out.tfevents.${Math.floor(now / 1000)}.beitjs`);
}

async function replaceFile(path: string, text: string): Promise<void> {
  await files.writeFile(`${path}.partial`, text);
  await files.rename(`${path}.partial`, path);
}
