// Before anybody is timed, everybody runs once, and all outputs must be the same: a fast network that computes something
// else would win otherwise.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runWorker } from "../processes.ts";
import type { Skipped } from "../report.ts";
import type { InferenceContestant } from "./contestants.ts";
import { FEATURE_TOLERANCE, type InferenceResult, type NetworkName } from "./settings.ts";

export type Agreement = {
  /** Those that gave what the first gave. */
  readonly contestants: readonly InferenceContestant[];
  readonly skipped: readonly Skipped[];
  readonly problems: readonly string[];
  /** By contestant: different visual tokens, or the largest difference of features. */
  readonly differences: Readonly<Record<string, number>>;
};

/** How long a first call and all before it may take, in milliseconds. */
const PATIENCE = 120_000;

/** What `createSimdBackend` says where the engine cannot run a build; anything else that stops ours is a problem. */
const lacksBuild = /expected an engine with/;

export async function checkAgreement(
  network: NetworkName,
  contestants: readonly InferenceContestant[],
  folder: string,
): Promise<Agreement> {
  const good: InferenceContestant[] = [];
  const skipped: Skipped[] = [];
  const problems: string[] = [];
  const differences: Record<string, number> = {};
  let expected: Float32Array | Int32Array | undefined;
  for (const contestant of contestants) {
    const { name } = contestant;
    const output = join(folder, `${name}.output`);
    const reason = await failure(contestant, output);
    process.stderr.write(`check  ${name}: ${reason ?? "runs"}\n`);
    if (reason !== undefined) {
      if (name.startsWith("simd-") && !lacksBuild.test(reason)) problems.push(`${name}: ${reason}`);
      else skipped.push({ name, reason });
      continue;
    }
    const values = readOutput(network, output);
    expected ??= values;
    differences[name] = difference(values, expected);
    const problem = disagreement(network, contestant, differences[name]);
    if (problem === undefined) good.push(contestant);
    else problems.push(problem);
  }
  return { contestants: good, skipped, problems, differences };
}

async function failure({ command }: InferenceContestant, output: string): Promise<string | undefined> {
  try {
    await runWorker<InferenceResult>(command({ minimumCalls: 0, seconds: 0, output }), PATIENCE);
    return undefined;
  } catch (error) {
    return shortReason((error as Error).message);
  }
}

/** The line of a message, and of an engine's stack, that says what went wrong. */
export function shortReason(message: string): string {
  if (message.includes("SIGTERM")) return `took more than ${PATIENCE / 1000} s for its first call`;
  const lines = message.split("\n").map((line) => line.trim());
  return (lines.find((line) => /^(\w*Error|Error): /.test(line)) ?? lines[0]).slice(0, 300);
}

/** Different visual tokens, or the largest difference of features; all or infinite if there are not as many. */
export function difference(values: Float32Array | Int32Array, expected: Float32Array | Int32Array): number {
  if (values.length !== expected.length) return Infinity;
  let result = 0;
  for (let i = 0; i < values.length; i++) {
    if (values instanceof Int32Array) result += values[i] === expected[i] ? 0 : 1;
    else result = Math.max(result, Number.isFinite(values[i]) ? Math.abs(values[i] - expected[i]) : Infinity);
  }
  return result;
}

function disagreement(
  network: NetworkName,
  { name, approximate }: InferenceContestant,
  found: number,
): string | undefined {
  // How much they differ is told in the table.
  if (approximate && Number.isFinite(found)) return undefined;
  if (network === "tokenizer") {
    return found === 0 ? undefined : `${name}: expected the visual tokens of the first contestant, got ${found} others`;
  }
  if (found <= FEATURE_TOLERANCE) return undefined;
  return `${name}: expected features within ${FEATURE_TOLERANCE} of the first contestant's, got ${found}`;
}

function readOutput(network: NetworkName, path: string): Float32Array | Int32Array {
  const { buffer } = new Uint8Array(readFileSync(path));
  return network === "tokenizer" ? new Int32Array(buffer) : new Float32Array(buffer);
}
