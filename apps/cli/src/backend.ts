// The machine to compute on, chosen by flags, and said aloud: nobody should wonder why a run is slow.
import type { Backend } from "@beitjs/tensor-core";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend, simdPrecisions, type SimdBackend, type SimdPrecision } from "@beitjs/tensor-core/simd";
import { choice, integer, type Context } from "./command.ts";

export const backendFlags = {
  backend: choice(["auto", "simd", "reference"], "where to compute; auto: simd where it runs", "auto"),
  threads: integer("count", "threads of simd (default: all processors)", 1),
};

/** For commands that train nothing. */
export const inferenceFlags = {
  ...backendFlags,
  precision: choice(
    simdPrecisions,
    "how layers of simd multiply: whole numbers of 16 or 8 bits take less memory and are less exact",
    "float32",
  ),
};

export type BackendFlags = {
  readonly backend: "auto" | "simd" | "reference";
  readonly threads: number | undefined;
  readonly precision?: SimdPrecision;
};

/** A backend as a fact of a run. */
export type BackendFacts = {
  readonly name: string;
  readonly build?: string;
  readonly threads?: number;
  readonly precision?: SimdPrecision;
  readonly reason: string;
};

/**
 * Opens the backend that the flags ask for and tells which it is. `auto` falls back to the reference, with a warning,
 * only where simd cannot run at all.
 */
export async function openBackend(
  flags: BackendFlags,
  { terminal }: Pick<Context, "terminal">,
): Promise<{ backend: Backend; facts: BackendFacts }> {
  const opened = await open(flags, (reason) =>
    terminal.warn(`simd is not available (${reason}); the reference backend is very slow`),
  );
  terminal.info(`backend: ${formatBackend(opened.facts)}`);
  terminal.event("backend", opened.facts);
  return opened;
}

/** The simd backend at its best: the CLI owns its process, so it may turn on V8's relaxed SIMD. */
export function openSimd(threads: number | undefined, precision: SimdPrecision = "float32"): Promise<SimdBackend> {
  return createSimdBackend({ v8Flags: true, precision, ...(threads !== undefined && { threads }) });
}

export function simdFacts({ name, build, threads, precision, reasons }: SimdBackend): BackendFacts {
  return { name, build, threads, precision, reason: `${reasons.build}; threads: ${reasons.threads}` };
}

export function formatBackend({ name, build, threads, precision = "float32", reason }: BackendFacts): string {
  const how = build === undefined ? "" : `, ${build} build, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return `${name}${how}${precision === "float32" ? "" : `, ${precision}`} (${reason})`;
}

async function open(
  { backend: wanted, threads, precision }: BackendFlags,
  warn: (reason: string) => void,
): Promise<{ backend: Backend; facts: BackendFacts }> {
  if (wanted === "reference") return reference("asked for");
  try {
    const backend = await openSimd(threads, precision);
    return { backend, facts: simdFacts(backend) };
  } catch (error) {
    const unavailable = wanted === "auto" && /engine with WebAssembly SIMD/.test((error as Error).message);
    if (!unavailable) throw error;
    warn((error as Error).message);
    return reference("simd is not available");
  }
}

function reference(reason: string): { backend: Backend; facts: BackendFacts } {
  return { backend: createReferenceBackend(), facts: { name: "reference", reason } };
}
