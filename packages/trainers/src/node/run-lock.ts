// One run a folder: a lock file with the holder's process id. A lock whose process is gone is taken over, so a killed run
// can be resumed without cleaning up by hand.
import { promises as files } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { hasCode } from "./checkpoint-files.ts";

export interface RunLock {
  readonly path: string;
  /** Removes the lock if it is still this one. */
  release(): Promise<void>;
}

export type RunLockOptions = {
  /** The present time, for the message that another run will get. */
  readonly since: string;
};

type Holder = { readonly pid: number; readonly host: string; readonly since: string };

const NAME = "run.lock";
// What this process holds: its own id in a lock that is not here was left by an earlier process of the same number.
const held = new Set<string>();

/**
 * Takes the lock of a run folder, which must exist.
 *
 * @throws naming the process that holds it and since when
 */
export async function lockRun(folder: string, { since }: RunLockOptions): Promise<RunLock> {
  const path = join(await files.realpath(folder), NAME);
  const holder: Holder = { pid: process.pid, host: hostname(), since };
  const content = `${JSON.stringify(holder)}\n`;
  if (!(await create(path, content))) {
    await removeDead(folder, path);
    if (!(await create(path, content))) throw heldBy(folder, path, parseHolder(await readLock(path)));
  }
  held.add(path);
  return {
    path,
    async release() {
      if (!held.delete(path)) return;
      if ((await readLock(path)) === content) await files.rm(path, { force: true });
    },
  };
}

/** Whether a process that lives holds the lock of a run folder. One on another machine is taken to live. */
export async function isRunHeld(folder: string): Promise<boolean> {
  const real = await files.realpath(folder).catch(() => folder);
  const path = join(real, NAME);
  return isAlive(path, parseHolder(await readLock(path)));
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    await files.writeFile(path, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

async function removeDead(folder: string, path: string): Promise<void> {
  const found = await readLock(path);
  if (found === undefined) return;
  const holder = parseHolder(found);
  if (isAlive(path, holder)) throw heldBy(folder, path, holder);
  // Moved before it is removed: another process may have replaced the dead lock by its own since we read it.
  const aside = `${path}.${process.pid}`;
  try {
    await files.rename(path, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  const moved = await files.readFile(aside, "utf8");
  if (moved !== found) await files.link(aside, path).catch(() => {});
  await files.rm(aside, { force: true });
  if (moved !== found) throw heldBy(folder, path, parseHolder(moved));
}

function isAlive(path: string, holder: Holder | undefined): boolean {
  if (!holder) return false;
  if (holder.host !== hostname()) return true;
  if (holder.pid === process.pid) return held.has(path);
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}

// A lock is created and then written: an empty one may be a moment old.
async function readLock(path: string): Promise<string | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      const text = await files.readFile(path, "utf8");
      if (text.endsWith("\n") || attempt === 4) return text;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function parseHolder(text: string | undefined): Holder | undefined {
  try {
    const holder = JSON.parse(text ?? "") as Partial<Holder> | null;
    return holder && Number.isInteger(holder.pid) && (holder.pid as number) > 0 ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function heldBy(folder: string, path: string, holder: Holder | undefined): Error {
  const who = holder ? `process ${holder.pid} on ${holder.host} since ${holder.since}` : "another process";
  return new Error(
    `[lockRun] expected ${folder} to be free, got a run of ${who}; wait for it, or take another folder (lock: ${path})`,
  );
}
