// What all rigs share: rounds from a seed with a tally of how each ended, processes that are killed when they hang (or when
// the rig says so), and folders that go with the rig. A broken promise is an error that names the round and the seed.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRng, type Rng } from "../../packages/tensor-core/src/random.ts";

export type RigOptions = {
  readonly seed: number;
  /** Rounds, whatever a round is to the rig. */
  readonly count: number;
  /** Tells on stderr how far it is. */
  readonly say: (text: string) => void;
};

/** Figures for the reader, written as JSON. */
export type RigReport = Readonly<Record<string, unknown>>;

export interface Rig {
  /** What it does and what a round is, in a line. */
  readonly about: string;
  /** Rounds where no number is asked for. */
  readonly count: number;
  /** @throws at the first broken promise */
  run(options: RigOptions): Promise<RigReport>;
}

/**
 * Plays rounds, each with random numbers of its own, so that one can be played again.
 *
 * @param play what a round came to, in a word or two: how often each came is returned
 */
export async function playRounds(
  { seed, count, say }: RigOptions,
  play: (rng: Rng, round: number) => Promise<string>,
): Promise<Record<string, number>> {
  const tally: Record<string, number> = {};
  const every = Math.max(1, Math.floor(count / 20));
  for (let round = 0; round < count; round++) {
    try {
      const outcome = await play(createRng({ seed, index: round }), round);
      tally[outcome] = (tally[outcome] ?? 0) + 1;
    } catch (cause) {
      throw new Error(`[abuse] round ${round} of seed ${seed}: ${(cause as Error).message}`, { cause });
    }
    if ((round + 1) % every === 0) say(`${round + 1} of ${count}: ${JSON.stringify(tally)}`);
  }
  return tally;
}

/** @throws naming what was to hold; rigs assert by this, so that a message says what was lost or let in */
export function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`expected ${what}`);
}

/** A new folder for a rig, removed when this process ends. */
export function rigFolder(name: string, parent = tmpdir()): string {
  const made = mkdtempSync(join(parent, `beitjs-abuse-${name}-`));
  process.once("exit", () => rmSync(made, { recursive: true, force: true }));
  return made;
}

export type Ended = {
  /** None where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type RunOptions = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until it counts as hanging: an error. */
  readonly limit?: number;
  /** Called with the started process, to kill it or to talk to it. */
  readonly started?: (child: ChildProcess) => void;
};

/**
 * Runs a program to its end, whatever that is.
 *
 * @throws if it cannot start, or is not done within `limit`
 */
export async function runProcess(
  program: string,
  args: readonly string[],
  { cwd, env, limit = 300_000, started }: RunOptions = {},
): Promise<Ended> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (part) => (output.stdout += String(part)));
  child.stderr.on("data", (part) => (output.stderr += String(part)));
  child.stdin.on("error", () => {}); // it may end before it has read all
  if (!started) child.stdin.end();
  started?.(child);
  let hangs = false;
  const timer = setTimeout(() => {
    hangs = true;
    child.kill("SIGKILL");
  }, limit);
  try {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (...end) => resolve(end));
    });
    demand(!hangs, `${program} ${args.join(" ")} to end within ${limit} ms; it said ${output.stderr.slice(-1000)}`);
    return { code, signal, ...output };
  } finally {
    clearTimeout(timer);
  }
}

export const beitProgram = fileURLToPath(new URL("../../apps/cli/bin/beit.js", import.meta.url));

/** The built command line, in a process of its own. */
export function runBeit(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return runProcess(process.execPath, [beitProgram, ...args], options);
}

/** @throws with what it said, if it ended with another code */
export async function beitEndsWith(code: number, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const ended = await runBeit(args, options);
  const came = `${ended.signal ?? ended.code}: ${(ended.stderr || ended.stdout).trim().slice(-1500)}`;
  demand(ended.code === code, `beit ${args.join(" ")} to end with ${code}, got ${came}`);
  return ended;
}
