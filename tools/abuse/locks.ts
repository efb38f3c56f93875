// Two to ten processes meet a lock whose holder is dead, all at once, and at most one of them may have it at any moment. How it died
// is chosen by the round: its process is gone, its number is another's, it was killed while it took the lock itself, and so on.
import { fork, spawnSync, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Rng } from "../../packages/tensor-core/src/random.ts";
import { ownIdentity } from "../../packages/trainers/src/node/process-identity.ts";
import { demand, playRounds, rigFolder, type Rig, type RigReport } from "./harness.ts";

/** What a contender is asked, and what it says. */
export type Contest = { readonly what: "take" | "give back"; readonly folder: string; readonly keep: boolean };
/** "held", "refused", "released", or what is wrong. */
export type Said = { readonly folder: string; readonly said: string };

const most = 10;

export const rig: Rig = {
  about: "N processes meet a dead lock, N from 2 to 10; a round is one meeting, and each N has as many",
  count: 1000,
  async run(options) {
    const folder = rigFolder("locks");
    const contenders = Array.from({ length: most }, () =>
      fork(fileURLToPath(new URL("./lock-contender.ts", import.meta.url)), { execArgv: ["--import", "jiti/register"] }),
    );
    const { pid: dead } = spawnSync(process.execPath, ["-e", ""]);
    try {
      // All at once, in folders of their own: a machine waits most of the time.
      const outcomes = Array.from({ length: most - 1 }, async (_, i) => {
        const n = i + 2;
        const meet = (rng: Rng, round: number) =>
          play(contenders.slice(0, n), join(folder, `${n}-${round}`), dead, rng);
        const say = (text: string) => options.say(`${n} processes, ${text}`);
        return [`${n} processes`, await playRounds({ ...options, seed: options.seed * 100 + n, say }, meet)] as const;
      });
      const report: RigReport = Object.fromEntries(await Promise.all(outcomes));
      return { meetings: options.count * (most - 1), outcomes: report };
    } finally {
      for (const contender of contenders) contender.kill();
    }
  },
};

async function play(contenders: readonly ChildProcess[], folder: string, dead: number, rng: Rng): Promise<string> {
  mkdirSync(folder);
  const how = leaveDead(folder, dead, rng);
  // Either the first one keeps it until all have asked, or each gives it back at once while others still ask.
  const keep = rng.integer(2) === 0;
  const contest: Contest = { what: "take", folder, keep };
  const said = await Promise.all(contenders.map((contender) => ask(contender, contest)));
  const held = said.filter((one) => one === "held").length;
  const others = said.filter((one) => one !== "held" && one !== "refused");
  demand(others.length === 0, `at most one holder (${how}), got ${JSON.stringify(said)}`);
  demand(keep ? held === 1 : held >= 1, `${keep ? "one holder" : "a holder"} (${how}), got ${JSON.stringify(said)}`);
  if (keep) await Promise.all(contenders.map((contender) => ask(contender, { ...contest, what: "give back" })));
  const left = readdirSync(folder);
  demand(left.length === 0, `nothing to be left (${how}), got ${left.join(", ")}`);
  rmSync(folder, { recursive: true });
  return how;
}

function ask(contender: ChildProcess, contest: Contest): Promise<string> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error("expected a contender to live, got one that ended"));
    const hear = ({ folder, said }: Said) => {
      if (folder !== contest.folder) return;
      contender.off("exit", gone).off("message", hear);
      resolve(said);
    };
    contender.setMaxListeners(50).on("exit", gone).on("message", hear);
    contender.send(contest);
  });
}

const deaths = ["gone", "number given again", "killed while it took over", "half a lock", "free"] as const;

function leaveDead(folder: string, dead: number, rng: Rng): string {
  const how = deaths[rng.integer(deaths.length)];
  const { host, boot, namespace } = ownIdentity();
  const lockOf = (pid: number, start?: string): string =>
    `${JSON.stringify({ pid, host, boot, namespace, start, since: "before", id: rng.integer(2 ** 31) })}\n`;
  const path = join(folder, "run.lock");
  const first =
    how === "number given again" ? lockOf(process.pid, "1") : how === "half a lock" ? '{"pid":' : lockOf(dead);
  if (how !== "free") writeFileSync(path, first);
  if (how !== "killed while it took over") return how;
  const after = createHash("sha256").update(first).digest("hex").slice(0, 16);
  writeFileSync(`${path}.${after}`, lockOf(dead));
  return how;
}
