// The two backends that are always at hand: WebAssembly SIMD and, where no engine runs it, the reference.
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend, type SimdBackend, type SimdPrecision } from "@beitjs/tensor-core/simd";
import { asWrongUse } from "../program/exit-codes.ts";
import type { BackendFacts, OpenedBackend } from "./facts.ts";

/** The simd backend at its best: the CLI owns its process, so it may turn on V8's relaxed SIMD. */
export async function openSimd(
  threads: number | undefined,
  precision: SimdPrecision = "float32",
): Promise<OpenedBackend & { readonly backend: SimdBackend }> {
  const backend = await asWrongUse(`--threads ${threads}`, () =>
    createSimdBackend({ v8Flags: true, precision, ...(threads !== undefined && { threads }) }),
  );
  return { backend, facts: simdFacts(backend) };
}

function simdFacts({ name, build, threads, precision, reasons }: SimdBackend): BackendFacts {
  const memory = reasons.memory === undefined ? "" : `; memory: ${reasons.memory}`;
  return { name, build, threads, precision, reason: `${reasons.build}; threads: ${reasons.threads}${memory}` };
}

/** Whether `error` says that no WebAssembly SIMD can run here at all. */
export function isSimdMissing(error: unknown): boolean {
  return error instanceof Error && /engine with WebAssembly SIMD/.test(error.message);
}

export function openReference(reason: string): OpenedBackend {
  return { backend: createReferenceBackend(), facts: { name: "reference", reason } };
}
