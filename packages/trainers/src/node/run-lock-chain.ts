// A lock that many processes may find dead at once, and one of them takes. A dead lock is never removed: who wants it adds a successor,
// whose name is made of the dead one's content, by a link, which only one process can make. Who is the last of the chain
// when it looks again has the lock, and moves its own file to the lock's place.
import { createHash } from "node:crypto";
import { promises as files } from "node:fs";
import { basename, dirname, join } from "node:path";
import { diskStorage, hasCode } from "./checkpoint-files.ts";
import { withPartial } from "./whole-file.ts";

/** Who has a lock, dead or alive. */
export type Link = { readonly path: string; readonly content: string };

/** The last of a lock's chain; none where there is no lock. */
export async function lastOf(lock: string): Promise<Link | undefined> {
  let last: Link | undefined;
  for (let path = lock; ;) {
    const content = await readLock(path);
    if (content === undefined) return last;
    last = { path, content };
    path = successorOf(lock, content);
  }
}

/**
 * Takes a lock.
 *
 * @param content which no other lock ever has
 * @param refuse throws if a holder lives
 */
export async function takeLock(lock: string, content: string, refuse: (holder: Link) => Promise<void>): Promise<void> {
  await withPartial(lock, async (own) => {
    await files.writeFile(own, content, { flag: "wx" });
    for (;;) {
      const last = await lastOf(lock);
      if (last) await refuse(last);
      const place = last ? successorOf(lock, last.content) : lock;
      if (!(await makeOnce(own, place, content))) continue; // another one was faster: see whether it lives
      const now = await lastOf(lock);
      if (now?.content === content) return settle(lock, place);
      // The lock went on from elsewhere, or was given back, while this one looked.
      await giveBack(place, content);
    }
  });
}

/** Gives a lock back, if it is still this one. */
export async function giveBack(lock: string, content: string): Promise<void> {
  if ((await readLock(lock)) === content) await files.rm(lock, { force: true });
}

// The move takes the successor's name away in the same moment, so whoever comes later finds nobody else. What is left of those who
// died on the way hangs on a lock that is no more.
async function settle(lock: string, place: string): Promise<void> {
  if (place === lock) return;
  await files.rename(place, lock);
  const own = successorOf(basename(lock), (await readLock(lock)) ?? "");
  for (const name of await diskStorage.list(dirname(lock))) {
    const isLink = name.startsWith(`${basename(lock)}.`) && /\.[0-9a-f]{16}$/.test(name);
    if (isLink && name !== own) await files.rm(join(dirname(lock), name), { force: true });
  }
}

function successorOf(lock: string, content: string): string {
  return `${lock}.${createHash("sha256").update(content).digest("hex").slice(0, 16)}`;
}

// The name appears with all its content; where the disk has no second names, it is written a moment after.
async function makeOnce(own: string, place: string, content: string): Promise<boolean> {
  try {
    await files.link(own, place);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].some((code) => hasCode(error, code))) throw error;
  }
  try {
    await files.writeFile(place, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

// Where it is written after it has its name, one that is not whole may be a moment old.
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
