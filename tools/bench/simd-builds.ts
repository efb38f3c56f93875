// The ways to run the simd backend that are worth comparing on this machine.
import { availableParallelism } from "node:os";
import type { SimdBuild, SimdPrecision } from "@beitjs/tensor-core/simd";

export type SimdVariant = { readonly build: SimdBuild; readonly threads: number; readonly precision?: SimdPrecision };

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

/** The same builds by whole numbers: `int8` needs more than `base` has. */
export function integerVariants<Build extends SimdBuild>(builds: readonly Build[], counts: readonly number[]) {
  return (["int16", "int8"] as const).flatMap((precision) =>
    buildVariants(precision === "int8" ? builds.filter((build) => build !== "base") : builds, counts).map(
      (variant) => ({
        ...variant,
        name: `simd-${variant.build}-${precision}-${variant.threads}`,
        precision,
      }),
    ),
  );
}
