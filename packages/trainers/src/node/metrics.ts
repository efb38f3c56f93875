// What a run reports, step by step, to all that keep it: metrics.jsonl for programs, an event file for TensorBoard beside it, and
// loggers of the caller's own.
import { joinLoggers, type LogEntry, type Logger } from "../logging/logger.ts";
import { openEventFile } from "./event-file.ts";
import { openJsonLines, type JsonLinesOptions } from "./json-lines.ts";

export type MetricsOptions = JsonLinesOptions & {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told of every step, too; closed with the others. */
  readonly loggers?: readonly Logger[] | undefined;
};

export interface MetricsWriter {
  /** Tells every logger of a step, with the time. */
  write(step: number, values: Readonly<Record<string, number>>): Promise<void>;
  /** Has all that was written on the disk: before a checkpoint that counts on it. */
  flush(): Promise<void>;
  /** The last line that a resumed run begins with, its own part's. */
  readonly last: LogEntry | undefined;
  close(): Promise<void>;
}

/**
 * Opens `metrics.jsonl` and the event file of a folder for appending, whose curves have every step once: what lies after the checkpoint
 * of a resumed run is dropped, and the event file is made anew from the kept lines.
 *
 * ```ts
 * const metrics = await openMetrics("runs/mine", { after: 0, now: Date.now, loggers: [{ log: console.log, close() {} }] });
 * for await (const { step, loss } of fineTune(run)) await metrics.write(step, { loss });
 * await metrics.close();
 * ```
 */
export async function openMetrics(
  folder: string,
  { after, stage, now, loggers = [] }: MetricsOptions,
): Promise<MetricsWriter> {
  const lines = await openJsonLines(folder, { after, stage });
  const events = await openEventFile(folder, { kept: lines.kept, now }).catch(async (error: unknown) => {
    await lines.close();
    throw error;
  });
  const all = joinLoggers([lines, events, ...loggers]);
  return {
    async write(step, values) {
      await all.log({ ...(stage !== undefined && { stage }), step, time: now() / 1000, values });
    },
    flush: async () => all.flush?.(),
    last: lines.kept.filter((line) => line.stage === stage).at(-1),
    close: async () => all.close(),
  };
}
