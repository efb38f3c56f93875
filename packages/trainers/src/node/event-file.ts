// The steps of a run as an event file, for TensorBoard.
import { promises as files } from "node:fs";
import { join } from "node:path";
import type { LogEntry, Logger } from "../logging/logger.ts";
import { createEventWriter, type EventWriter } from "../logging/tensorboard.ts";
import { writeErrorReason } from "./checkpoint-files.ts";
import { writeWholeFile } from "./whole-file.ts";

export type EventFileOptions = {
  /** Steps that the file begins with: of a resumed run, what `openJsonLines` kept. */
  readonly kept?: readonly LogEntry[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

const ownEvents = /^events\.out\.tfevents\.\d+\.beitjs$/;

/** Starts the event file of a folder, in place of one that was there. Values of a stage are named `stage/value`. */
export async function openEventFile(folder: string, { kept = [], now }: EventFileOptions): Promise<Logger> {
  const began = now();
  const path = join(folder, `events.out.tfevents.${Math.floor(began / 1000)}.beitjs`);
  const old = (await files.readdir(folder)).filter((name) => ownEvents.test(name));
  const events = createEventWriter();
  const failing = (cause: unknown): never => {
    throw new Error(`[openEventFile] could not write ${path}: ${writeErrorReason(cause)}`, { cause });
  };
  const records = [events.fileVersion(began / 1000), ...kept.map((entry) => recordOf(events, entry))];
  await writeWholeFile(path, Buffer.concat(records)).catch(failing);
  for (const name of old) if (join(folder, name) !== path) await files.rm(join(folder, name));
  const file = await files.open(path, "a");
  return {
    log: (entry) => file.writeFile(recordOf(events, entry)).catch(failing),
    flush: () => file.sync().catch(failing),
    close: () => file.close(),
  };
}

function recordOf(events: EventWriter, { stage, step, time, values }: LogEntry): Uint8Array {
  if (stage === undefined) return events.scalars(step, time, values);
  const tagged = Object.entries(values).map(([name, value]) => [`${stage}/${name}`, value] as const);
  return events.scalars(step, time, Object.fromEntries(tagged));
}
