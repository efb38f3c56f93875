// The loop of every fuzzer: inputs from a seed, each read within a bound of time and memory, with a tally of what came out.
// An input that breaks a promise stops the run with its number, from which it can be made again.
import { createRng } from "../../packages/tensor-core/src/random.ts";
import type { Rng } from "../../packages/tensor-core/src/random.ts";

export type FuzzInput = { readonly label: string; readonly bytes: Uint8Array };

export interface FuzzFormat {
  readonly name: string;
  make(rng: Rng): FuzzInput;
  /** Reads it in every way and compares; the outcome is "accepted" or an error's code. Throws on a broken promise. */
  check(input: FuzzInput): Promise<string>;
}

export type FuzzOptions = { readonly inputs: number; readonly seed: number; readonly seconds?: number };
export type FuzzReport = {
  readonly format: string;
  inputs: number;
  /** How many inputs of each kind of damage came out how. */
  readonly outcomes: Record<string, Record<string, number>>;
  slowestMilliseconds: number;
  largestGrowthMegabytes: number;
};

/** For all readers together, the checks included. */
const maxMilliseconds = 250;
/** What one input may take beyond eight times its length: stacks and records of a million steps are far below. */
const maxGrowth = 64 << 20;

export async function fuzz(format: FuzzFormat, { inputs, seed, seconds = Infinity }: FuzzOptions): Promise<FuzzReport> {
  const report: FuzzReport = {
    format: format.name,
    inputs: 0,
    outcomes: {},
    slowestMilliseconds: 0,
    largestGrowthMegabytes: 0,
  };
  const deadline = performance.now() + seconds * 1000;
  for (let index = 0; index < inputs && performance.now() < deadline; index++) {
    const input = format.make(createRng({ seed, index }));
    try {
      const outcome = await measured(format, input, report);
      const tally = (report.outcomes[input.label] ??= {});
      tally[outcome] = (tally[outcome] ?? 0) + 1;
    } catch (cause) {
      throw new Error(`[fuzz] input ${index} of seed ${seed} (${format.name}, ${input.label})`, { cause });
    }
    report.inputs++;
  }
  return report;
}

async function measured(format: FuzzFormat, input: FuzzInput, report: FuzzReport): Promise<string> {
  const begin = processorTime();
  const before = usedBytes();
  const outcome = await format.check(input);
  const growth = usedBytes() - before;
  let milliseconds = processorTime() - begin;
  // A pause of this process is no hang: what seems slow is read again.
  for (let again = 0; again < 3 && milliseconds > maxMilliseconds / 5; again++) {
    milliseconds = Math.min(milliseconds, await timed(format, input));
  }
  report.slowestMilliseconds = Math.max(report.slowestMilliseconds, milliseconds);
  report.largestGrowthMegabytes = Math.max(report.largestGrowthMegabytes, growth / 2 ** 20);
  const bound = maxGrowth + 8 * input.bytes.length;
  if (growth > bound) throw new Error(`expected at most ${bound} bytes of memory, got ${growth}`);
  if (milliseconds > maxMilliseconds) throw new Error(`expected at most ${maxMilliseconds} ms, got ${milliseconds}`);
  return outcome;
}

async function timed(format: FuzzFormat, input: FuzzInput): Promise<number> {
  const begin = processorTime();
  await format.check(input);
  return processorTime() - begin;
}

/** Milliseconds of this process: a busy machine makes nothing slow. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function usedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** All inputs by outcome, whatever the damage. */
export function outcomesOf(report: FuzzReport): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const tally of Object.values(report.outcomes)) {
    for (const [outcome, count] of Object.entries(tally)) sum[outcome] = (sum[outcome] ?? 0) + count;
  }
  return sum;
}
