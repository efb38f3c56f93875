// Every op has its kernels on every backend that should have them. No device is needed: what is missing in a list is named here,
// also where conformance cannot run.
import { describe, expect, it } from "vitest";
import { allOps } from "../ops/all-cases.ts";
import { missingKernels } from "../testing/index.ts";
import * as simdKernels from "./simd/kernels/index.ts";
import * as tfjsKernels from "./tfjs/kernels/index.ts";
import * as webgpuKernels from "./webgpu/kernels/index.ts";

type Tables = Readonly<Record<string, ReadonlyMap<string, unknown>>>;
const unfusedOps = allOps.filter(({ fused }) => !fused);

// Fused ops have a kernel where it gains something.
const lists: readonly (readonly [name: string, tables: Tables, ops: typeof allOps])[] = [
  ["simd", simdKernels, unfusedOps],
  ["webgpu", webgpuKernels, allOps],
  ["tfjs", tfjsKernels, unfusedOps],
];

describe.each(lists)("%s", (backend, tables, ops) => {
  const kernels = new Map(Object.values(tables).flatMap((table) => [...table])) as never;

  it.each(ops.map((op) => [op.name, op] as const))("has kernels of %s", (_, op) => {
    expect(missingKernels({ kernels }, op), `missing in backends/${backend}/kernels/index.ts`).toEqual([]);
  });
});
