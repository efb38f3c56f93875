// The steps of a run as an event file, for TensorBoard.
import { promises as files } from "node:fs";
import { join } from "node:path";
import type { LogEntry, Logger } from "../logging/logger.ts";
import { createEventWriter, type EventWriter } from "../logging/tensorboard.ts";
import { writeErrorReason } from "./checkpoint-files.ts";

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
  for (const name of old) await files.rm(join(folder, name));
  const events = createEventWriter();
  const file = await files.open(path, "a");
  const write = async (record: Uint8Array): Promise<void> => {
    try {
      await file.writeFile(record);
    } catch (cause) {
      throw new Error(`[openEventFile] could not write ${path}: ${writeErrorReason(cause)}`, { cause });
    }
  };
  await write(events.fileVersion(began / 1000));
  for (const entry of kept) await write(recordOf(events, entry));
  return { log: (entry) => write(recordOf(events, entry)), close: () => file.close() };
}

function recordOf(events: EventWriter, { stage, step, time, values }: LogEntry): Uint8Array {
  if (stage === undefined) return events.scalars(step, time, values);
  const tagged = Object.entries(values).map(([name, value]) => [`${stage}/${name}`, value] as const);
  return events.scalars(step, time, Object.fromEntries(tagged));
}
