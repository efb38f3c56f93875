// A contestant: matrix products and convolutions of one build and number of threads, and the build's ceiling. Prints one
// line of JSON.
import { setFlagsFromString } from "node:v8";
import { benchGemm } from "../../../packages/tensor-core/bench/gemm.bench.ts";
import { operationsPerCount } from "./operations.ts";
import type { GemmRequest, GemmResult } from "./suite.ts";

const { build, threads, milliseconds, ceilingWasm } = JSON.parse(process.argv[2]) as GemmRequest;
if (build === "relaxed") setFlagsFromString("--experimental-wasm-relaxed-simd");
const ceiling = await measureCeiling();
const rows = await benchGemm({ builds: [build], threads: [threads], milliseconds });
const result: GemmResult = { ceiling, rows };
console.log(JSON.stringify(result));

// The best of short runs: what a core does when nobody disturbs it.
async function measureCeiling(): Promise<number> {
  const { instance } = await WebAssembly.instantiate(Buffer.from(ceilingWasm, "base64"), {});
  const { multiplyAdd } = instance.exports;
  const count = 500_000;
  let best = Infinity;
  const start = performance.now();
  while (performance.now() - start < milliseconds) {
    const from = performance.now();
    multiplyAdd(count, 0.001);
    best = Math.min(best, performance.now() - from);
  }
  return (count * operationsPerCount) / best / 1e6;
}

// The compiler options have neither the DOM's types nor Node's for this global.
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: object,
  ): Promise<{
    readonly instance: { readonly exports: Readonly<Record<"multiplyAdd", (count: number, start: number) => number>> };
  }>;
};
