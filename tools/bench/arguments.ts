// The command line of the benchmarks: npm run bench -- <suite> [--json] [--rounds N] [--peers a,b] [--python PATH]
import { parseArgs } from "node:util";

export const suiteNames = ["train", "gemm", "masking", "ops"] as const;
export type SuiteName = (typeof suiteNames)[number];

export const peerNames = ["tfjs", "torch"] as const;
export type PeerName = (typeof peerNames)[number];

export type BenchOptions = {
  readonly suite: SuiteName;
  readonly json: boolean;
  /** How often every contestant is started. */
  readonly rounds: number;
  readonly peers: readonly PeerName[];
  /** A Python that can import torch. */
  readonly python?: string;
};

export const usage = `npm run bench -- <suite> [options]

  train    one training step of the micro model: simd, tfjs on wasm, PyTorch on the CPU
  gemm     matrix products and convolutions of simd, against the machine's ceiling
  masking  masks a second: WebAssembly in bulk against TypeScript
  ops      where the time of a training step on simd goes, kernel by kernel

  --json         one JSON document on stdout (with npm run --silent)
  --rounds N     how often every contestant runs, 3 by default
  --peers a,b    of ${peerNames.join(", ")}; all by default, none for none
  --python PATH  a Python with torch, for the peer torch

Example: npm run --silent bench -- train --json --python python3 > train.json`;

/** The command line is not what `usage` says. */
export class UsageError extends Error {}

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): BenchOptions {
  const { values, positionals } = parse(argv);
  if (positionals.length !== 1) throw new UsageError(`expected one suite, got ${positionals.length}`);
  const python = values.python;
  return {
    suite: oneOf("suite", positionals[0], suiteNames),
    json: values.json ?? false,
    rounds: parseRounds(values.rounds ?? "3"),
    peers: parsePeers(values.peers),
    ...(python !== undefined && { python }),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: "boolean" },
        rounds: { type: "string" },
        peers: { type: "string" },
        python: { type: "string" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 1000) return rounds;
  throw new UsageError(`expected --rounds from 1 to 1000, got ${text}`);
}

function parsePeers(text: string | undefined): readonly PeerName[] {
  if (text === undefined) return peerNames;
  if (text === "none") return [];
  return [...new Set(text.split(",").map((name) => oneOf("peer", name.trim(), peerNames)))];
}

function oneOf<Name extends string>(what: string, text: string, names: readonly Name[]): Name {
  const name = names.find((one) => one === text);
  if (name === undefined) throw new UsageError(`expected a ${what} of ${names.join(", ")}, got ${text || "nothing"}`);
  return name;
}
