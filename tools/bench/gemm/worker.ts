// A contestant: matrix products and convolutions of one build and number of threads, and the build's ceiling. Prints one
// line of JSON.
import { setFlagsFromString } from "node:v8";
import { benchGemm } from "../../../packages/tensor-core/bench/gemm.bench.ts";
import { measureCeiling } from "../inference/measure-ceiling.ts";
import type { GemmRequest, GemmResult } from "./suite.ts";

const { build, threads, milliseconds, ceilingWasm } = JSON.parse(process.argv[2]) as GemmRequest;
if (build === "relaxed") setFlagsFromString("--experimental-wasm-relaxed-simd");
const ceiling = await measureCeiling(ceilingWasm);
const rows = await benchGemm({ builds: [build], threads: [threads], milliseconds });
const result: GemmResult = { ceiling, rows };
console.log(JSON.stringify(result));
