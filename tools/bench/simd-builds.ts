// The ways to run the simd backend that are worth comparing on this machine.
import { availableParallelism } from "node:os";
import type { SimdBuild } from "@beitjs/tensor-core/simd";

export type SimdVariant = { readonly build: SimdBuild; readonly threads: number };

const oneAndAll = [...new Set([1, availableParallelism()])];
const everywhere = ["base", "relaxed"] as const satisfies readonly SimdBuild[];

/** The builds that every engine can be brought to run, by default with one thread and with all. */
export function simdVariants(counts: readonly number[] = oneAndAll) {
  return buildVariants(everywhere, counts);
}

/** Every build with every number of threads. */
export function buildVariants<Build extends SimdBuild>(builds: readonly Build[], counts: readonly number[]) {
  return builds.flatMap((build) => counts.map((threads) => ({ name: `simd-${build}-${threads}`, build, threads })));
}
