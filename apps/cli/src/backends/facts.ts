// What is told of a backend, on a terminal and in the facts of a run.
import type { Backend } from "@beitjs/tensor-core";
import type { SimdPrecision } from "@beitjs/tensor-core/simd";

/** A backend as a fact of a run. */
export type BackendFacts = {
  readonly name: string;
  readonly build?: string;
  readonly threads?: number;
  readonly precision?: SimdPrecision;
  /** Of webgpu with --mixed. */
  readonly mixed?: boolean;
  /** What it computes on, and why it was taken. */
  readonly reason: string;
};

export type OpenedBackend = { readonly backend: Backend; readonly facts: BackendFacts };

export function formatBackend({ name, build, threads, precision = "float32", reason }: BackendFacts): string {
  const how = build === undefined ? "" : `, ${build} build, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return `${name}${how}${precision === "float32" ? "" : `, ${precision}`} (${reason})`;
}
