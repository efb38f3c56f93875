// A lock that beats: its last byte is written anew every two seconds from a thread of its own, so that other machines and containers, which
// cannot ask for the process, hear that it lives however long a step of it takes.
import { promises as files, writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { hasCode } from "./checkpoint-files.ts";

const EVERY_MS = 2_000;
/** How long a lock is listened to: some beats, of which a busy machine may lose one or two. */
export const LISTEN_MS = 10_000;

export interface Beat {
  stop(): Promise<void>;
}

// It does next to nothing.
const resourceLimits = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 16 };
const script = `
const { workerData: { fd, last, every } } = require("node:worker_threads");
const { writeSync } = require("node:fs");
setInterval(() => writeSync(fd, "\\n", last), every);
`;

/**
 * Writes the line's end of a file anew until it is stopped, or this process ends. By its descriptor: what takes its name later is another's.
 */
export async function beat(path: string): Promise<Beat> {
  const handle = await files.open(path, "r+");
  const last = (await handle.stat()).size - 1;
  let ticking: NodeJS.Timeout | undefined;
  // Where no thread can be had.
  const tick = () => {
    ticking ??= setInterval(() => touch(handle.fd, last), EVERY_MS);
    ticking.unref();
  };
  let worker: Worker | undefined;
  const start = () => {
    try {
      const workerData = { fd: handle.fd, last, every: EVERY_MS };
      worker = new Worker(script, { eval: true, execArgv: [], workerData, resourceLimits });
      worker.on("error", tick);
      worker.unref();
    } catch {
      tick();
    }
  };
  // Who is done in a moment needs no thread.
  const starting = setTimeout(start, EVERY_MS / 4);
  starting.unref();
  return {
    async stop() {
      clearTimeout(starting);
      await worker?.terminate();
      clearInterval(ticking);
      await handle.close();
    },
  };
}

function touch(fd: number, last: number): void {
  try {
    writeSync(fd, "\n", last);
  } catch {
    // Whoever listens hears nothing then, and asks for a decision.
  }
}

/** Whether a file is touched, replaced or removed while it is listened to. No clock is compared with another. */
export async function beats(path: string, milliseconds: number): Promise<boolean> {
  const pause = Math.min(250, milliseconds / 4);
  const first = await stampOf(path);
  // Timers keep their length when the clock is set.
  for (let waited = 0; waited < milliseconds; waited += pause) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if ((await stampOf(path)) !== first) return true;
  }
  return false;
}

// Opened each time: shares of a network look anew then.
async function stampOf(path: string): Promise<string> {
  try {
    const handle = await files.open(path, "r");
    const { ino, mtimeNs } = await handle.stat({ bigint: true }).finally(() => handle.close());
    return `${ino} ${mtimeNs}`;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "";
    throw error;
  }
}
