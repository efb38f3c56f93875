// A process of the rig `locks` that asks for locks as it is told. Whoever has one makes a file that must not be there yet.
import { closeSync, openSync, rmSync } from "node:fs";
import { lockRun, type RunLock } from "../../packages/trainers/src/node/run-lock.ts";
import type { Contest, Said } from "./locks.ts";

const kept = new Map<string, RunLock>();
const markerOf = (folder: string): string => `${folder}.held`;

async function take({ folder, keep }: Contest): Promise<string> {
  let lock: RunLock;
  try {
    lock = await lockRun(folder, { since: "now" });
  } catch (error) {
    const { message } = error as Error;
    return message.startsWith("[lockRun] expected") ? "refused" : message;
  }
  try {
    closeSync(openSync(markerOf(folder), "wx"));
  } catch {
    return "two holders";
  }
  kept.set(folder, lock);
  if (!keep) {
    await new Promise((resolve) => setImmediate(resolve));
    await giveBack({ folder });
  }
  return "held";
}

async function giveBack({ folder }: Pick<Contest, "folder">): Promise<string> {
  const lock = kept.get(folder);
  kept.delete(folder);
  if (lock) rmSync(markerOf(folder));
  await lock?.release();
  return "released";
}

process.on("message", (contest: Contest) => {
  const tell = (said: string) => process.send?.({ folder: contest.folder, said } satisfies Said);
  const answer = contest.what === "take" ? take(contest) : giveBack(contest);
  answer.then(tell, (error: Error) => tell(error.message));
});
process.on("disconnect", () => process.exit(0));
