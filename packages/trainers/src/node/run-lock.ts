// One run a folder: a lock file that says which process has it, and that it lives. A lock whose process is gone is taken over, so a
// killed run can be resumed without cleaning up by hand; one of a machine that nothing is heard of only where that is asked for.
import { randomUUID } from "node:crypto";
import { promises as files } from "node:fs";
import { join } from "node:path";
import { isRunning, ownIdentity, startOf, type ProcessIdentity } from "./process-identity.ts";
import { beat, beats, LISTEN_MS } from "./run-lock-beat.ts";
import { giveBack, lastOf, takeLock } from "./run-lock-chain.ts";

export interface RunLock {
  readonly path: string;
  /** Removes the lock if it is still this one. */
  release(): Promise<void>;
}

export type RunLockOptions = {
  /** The present time, for the message that another run will get. */
  readonly since: string;
  /** Take it from a process of another machine, too, if nothing is heard of it. */
  readonly takeOver?: boolean;
  /** Milliseconds to listen to a holder that cannot be asked whether it lives; 10,000 by default. */
  readonly listen?: number;
  /** Who takes it; this process by default. */
  readonly identity?: ProcessIdentity;
};

type Holder = ProcessIdentity & { readonly since: string; readonly id?: string };

const NAME = "run.lock";
// What this process holds, where its own number in a lock does not say whether it was an earlier process's.
const held = new Set<string>();

/**
 * Takes the lock of a run folder, which must exist.
 *
 * @throws naming the process that holds it and since when, and what to do where it is of a machine that may be gone
 */
export async function lockRun(folder: string, options: RunLockOptions): Promise<RunLock> {
  const { since, takeOver = false, listen = LISTEN_MS, identity = ownIdentity() } = options;
  const path = join(await files.realpath(folder), NAME);
  const holder: Holder = { ...identity, since, id: randomUUID() };
  const content = `${JSON.stringify(holder)}\n`;
  await takeLock(path, content, async (last) => {
    const found = parseHolder(last.content);
    const standing = standingOf(path, found, identity);
    if (standing === "gone") return;
    if (standing === "lives" || (await beats(last.path, listen))) throw heldBy(folder, path, found);
    if (standing === "silent elsewhere" && !takeOver) throw goneElsewhere(folder, path, found as Holder, listen);
  });
  held.add(path);
  const beating = await beat(path);
  return {
    path,
    async release() {
      if (!held.delete(path)) return;
      await beating.stop();
      await giveBack(path, content);
    },
  };
}

/** Whether a process that lives holds the lock of a run folder. One on another machine, or in another container, is taken to live. */
export async function isRunHeld(folder: string): Promise<boolean> {
  const real = await files.realpath(folder).catch(() => folder);
  const last = await lastOf(join(real, NAME));
  const standing = last && standingOf(join(real, NAME), parseHolder(last.content), ownIdentity());
  return standing !== undefined && standing !== "gone" && standing !== "silent before";
}

/** What is known of a holder without listening; the silent ones are so if nothing is heard of them. */
type Standing = "lives" | "gone" | "silent before" | "silent beside" | "silent elsewhere";

function standingOf(path: string, holder: Holder | undefined, own: ProcessIdentity): Standing {
  if (!holder) return "gone";
  if (holder.host !== own.host) return "silent elsewhere";
  // A machine or a container of this name that was started again: or is there another one?
  if (differ(holder.boot, own.boot)) return "silent before";
  if (differ(holder.namespace, own.namespace)) return "silent beside";
  if (!isRunning(holder.pid)) return "gone";
  const start = holder.pid === own.pid ? own.start : startOf(holder.pid);
  if (holder.start !== undefined && start !== undefined) return holder.start === start ? "lives" : "gone";
  return holder.pid !== own.pid || held.has(path) ? "lives" : "gone";
}

function differ(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
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

function goneElsewhere(folder: string, path: string, { pid, host, since }: Holder, listened: number): Error {
  return new Error(
    `[lockRun] expected ${folder} to be free, got a run of process ${pid} on ${host} since ${since}, of which nothing was heard for ` +
      `${listened / 1000} s; if that machine is gone, take the folder over (--take-over), else take another one (lock: ${path})`,
  );
}
