// The command line of the benchmarks: npm run bench -- <suite> [<suite> ...] [options]
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

export const suiteNames = [
  "tokenizer",
  "encoder",
  "sweep",
  "folder",
  "masking",
  "train",
  "curves",
  "gpu",
  "gemm",
  "conv",
  "ops",
] as const;
export type SuiteName = (typeof suiteNames)[number];

export const peerNames = ["ort-web", "ort-node", "tfjs", "jax", "torch", "unilm"] as const;
export type PeerName = (typeof peerNames)[number];

export type BenchOptions = {
  readonly suites: readonly SuiteName[];
  readonly json: boolean;
  /** Folder where every suite's JSON goes, as `<suite>.json`. */
  readonly save?: string;
  /** How often every contestant is started. */
  readonly rounds: number;
  readonly peers: readonly PeerName[];
  /** Numbers of threads to compare, of the contestants that have threads. */
  readonly threads: readonly number[];
  /** How long a contestant is timed in a round, where it is not the suite's own time. */
  readonly seconds?: number;
  /** A Python that can import torch, and for the folder onnxruntime and Pillow. */
  readonly python?: string;
  /** A checkout of microsoft/unilm. */
  readonly unilm?: string;
};

export const usage = `npm run bench -- <suite> [<suite> ...] [options]

  tokenizer  DALL-E's encoder, one image to visual tokens: simd and all peers, the same weights
  encoder    BEiT-base, one image to features: the same
  sweep      both networks on simd by batch size, image size and threads
  folder     JPEG files to visual tokens: our pipeline against Pillow and onnxruntime in Python
  masking    masks a second: WebAssembly in bulk, TypeScript, the official Python
  train      one training step of the micro model: simd, tfjs on wasm, PyTorch on the CPU
  curves     losses of one training, step by step, here and in PyTorch
  gpu        products, a pre-training step of BEiT-base and the tokenizer on webgpu; PyTorch, tfjs, jax-js
  gemm       matrix products and convolutions of simd, against the machine's ceiling
  conv       3 x 3 convolutions of simd: Winograd's way against the direct one
  ops        where the time of a training step on simd goes, kernel by kernel

  --json          one JSON document on stdout (with npm run --silent; of one suite)
  --save FOLDER   the same for every suite, as FOLDER/<suite>.json
  --rounds N      how often every contestant runs, 3 by default
  --threads 1,2   numbers of threads to compare; 1 and all processors by default
  --seconds S     how long a network is timed in a round, 5 by default
  --peers a,b     of ${peerNames.join(", ")}; all by default, none for none
  --python PATH   a Python with torch (and onnxruntime and Pillow for folder), for the peers in Python
  --unilm PATH    a checkout of microsoft/unilm, for the peer unilm

Example: npm run --silent bench -- train --json --python python3 > train.json`;

/** The command line is not what `usage` says. */
export class UsageError extends Error {}

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): BenchOptions {
  const { values, positionals } = parse(argv);
  if (positionals.length === 0) throw new UsageError("expected a suite, got none");
  if (values.json && positionals.length > 1) {
    throw new UsageError(`expected one suite for --json, got ${positionals.length}; for more there is --save`);
  }
  const { python, unilm, save, seconds } = values;
  return {
    suites: [...new Set(positionals.map((name) => oneOf("suite", name, suiteNames)))],
    json: values.json ?? false,
    rounds: parseCount("--rounds", values.rounds ?? "3", 1000),
    threads: parseThreads(values.threads),
    peers: parsePeers(values.peers),
    ...(seconds !== undefined && { seconds: parseSeconds(seconds) }),
    ...(save !== undefined && { save }),
    ...(python !== undefined && { python }),
    ...(unilm !== undefined && { unilm }),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: "boolean" },
        save: { type: "string" },
        rounds: { type: "string" },
        threads: { type: "string" },
        seconds: { type: "string" },
        peers: { type: "string" },
        python: { type: "string" },
        unilm: { type: "string" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function parseCount(option: string, text: string, most: number): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= most) return count;
  throw new UsageError(`expected ${option} from 1 to ${most}, got ${text}`);
}

function parseThreads(text: string | undefined): readonly number[] {
  if (text === undefined) return [...new Set([1, availableParallelism()])];
  return [...new Set(text.split(",").map((count) => parseCount("--threads", count, 64)))];
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds >= 0 && seconds <= 600) return seconds;
  throw new UsageError(`expected --seconds from 0 to 600, got ${text}`);
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
