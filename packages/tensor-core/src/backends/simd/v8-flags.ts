// Flags of V8's that make kernels faster or right. They are process-wide, so they are only ever set on the caller's word, and
// experimental: what helps one version of Node may end the process of another, so each names the versions it is for.
import { nodeModule, nodeProcess, type NodeProcess } from "../../host.ts";

/** First and last major version of Node that a flag is set in. */
type Majors = readonly [first: number, last: number];

const flags = {
  /** Since 22 it is on. */
  "--experimental-wasm-relaxed-simd": [20, 21],
  /** 22 takes it without effect; a race tells what it brings. */
  "--experimental-wasm-revectorize": [22, Infinity],
  /** Liftoff's product of bytes is wrong in 20. Since 26 V8 inlines by what Liftoff counts, and aborts where that is missing. */
  "--no-liftoff": [20, 21],
} as const satisfies Readonly<Record<string, Majors>>;

/** Sets a flag where this Node is one of those it is for; tells whether it did. */
function setFlag(flag: keyof typeof flags, process: NodeProcess | undefined): boolean {
  const [first, last]: Majors = flags[flag];
  const major = Number(process?.versions?.node?.split(".")[0]);
  if (!(major >= first && major <= last)) return false;
  nodeModule("node:v8", process).setFlagsFromString(flag);
  return true;
}

/** Turns on relaxed SIMD for modules compiled from now on, where it takes a flag. */
export function enableRelaxedSimd(process = nodeProcess()): void {
  setFlag("--experimental-wasm-relaxed-simd", process);
}

/**
 * Turns on the merging of vectors to 256 bits for modules compiled from now on. Gives a clock to measure what it brought, in
 * milliseconds, where the engine may have it: Node on x64.
 */
export function enableMergedVectors(process = nodeProcess()): (() => number) | undefined {
  if (process?.arch !== "x64" || !setFlag("--experimental-wasm-revectorize", process)) return undefined;
  return () => Number(process.hrtime.bigint()) / 1e6;
}

/**
 * Runs kernels without V8's first compiler where its product of bytes is wrong. What is compiled, at its first call, stays so
 * for all threads.
 */
export function withRightByteProducts<Result>(run: () => Result, process = nodeProcess()): Result {
  const set = setFlag("--no-liftoff", process);
  try {
    return run();
  } finally {
    if (set) nodeModule("node:v8", process).setFlagsFromString("--liftoff");
  }
}
