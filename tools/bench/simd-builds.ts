// The ways to run the simd backend that are worth comparing on this machine.
import { availableParallelism } from "node:os";
import type { SimdBuild } from "@beitjs/tensor-core/simd";

export type SimdVariant = { readonly build: SimdBuild; readonly threads: number };

/** Both builds, with one thread and with all. */
export function simdVariants(): readonly (SimdVariant & { readonly name: string })[] {
  const counts = [...new Set([1, availableParallelism()])];
  const builds = ["base", "relaxed"] as const;
  return builds.flatMap((build) => counts.map((threads) => ({ name: `simd-${build}-${threads}`, build, threads })));
}
