// Contestants run each in a process of its own (flags, heaps and warm code of one are nothing to the others), in turns,
// so that a change of the machine's load meets all of them.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

export type Command = readonly [program: string, ...args: string[]];

export type Contestant = { readonly name: string; readonly command: Command };

/**
 * Runs a command to its end; its last line on stdout is its result.
 *
 * @throws if it fails, takes longer than `milliseconds`, or its last line is not JSON
 */
export async function runWorker<Result>([program, ...args]: Command, milliseconds = 1_800_000): Promise<Result> {
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], timeout: milliseconds });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (part) => (output.stdout += String(part)));
  child.stderr.on("data", (part) => (output.stderr += String(part)));
  const end = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal ?? `${code}`));
  });
  if (end !== "0") throw new Error(`[bench] ${program} ended with ${end}: ${output.stderr.trim().slice(-2000)}`);
  const last = output.stdout.trimEnd().split("\n").at(-1) ?? "";
  try {
    return JSON.parse(last) as Result;
  } catch {
    throw new Error(`[bench] expected JSON in the last line of ${program}, got ${last.slice(0, 200) || "nothing"}`);
  }
}

/**
 * Results by contestant, one for every round. Every other round goes backwards, so that nobody always comes first.
 *
 * @param leaveOut whether a contestant that failed is left out, and what it has shown with it; else its error is thrown
 */
export async function interleave<One extends { readonly name: string }, Result>(
  contestants: readonly One[],
  rounds: number,
  run: (contestant: One, round: number) => Promise<Result>,
  leaveOut: (contestant: One, error: Error) => boolean = () => false,
): Promise<Map<string, Result[]>> {
  const results = new Map<string, Result[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? contestants : [...contestants].reverse();
    for (const contestant of order) {
      const shown = results.get(contestant.name);
      if (!shown) continue;
      try {
        shown.push(await run(contestant, round));
      } catch (error) {
        if (!leaveOut(contestant, error as Error)) throw error;
        results.delete(contestant.name);
      }
    }
  }
  return results;
}

/** Runs contestants in turns and says on stderr how far it is. `leaveOut`: see `interleave`. */
export function runContestants<Result>(
  contestants: readonly Contestant[],
  rounds: number,
  tell: (result: Result) => string,
  leaveOut?: (contestant: Contestant, error: Error) => boolean,
): Promise<Map<string, Result[]>> {
  const run = async ({ name, command }: Contestant, round: number): Promise<Result> => {
    const result = await runWorker<Result>(command);
    process.stderr.write(`round ${round + 1}/${rounds}  ${name}: ${tell(result)}\n`);
    return result;
  };
  return interleave(contestants, rounds, run, leaveOut);
}
