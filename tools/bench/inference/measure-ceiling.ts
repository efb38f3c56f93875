// Runs the multiply-adds of assembly/ceiling.ts, compiled by gemm/ceiling.ts, in the process of a contestant.
import { operationsPerCount } from "../gemm/operations.ts";

const count = 500_000;
const milliseconds = 200;

/** GF/s of one thread: the best of short runs, what a core does when nobody disturbs it. */
export async function measureCeiling(wasm: string): Promise<number> {
  const { instance } = await WebAssembly.instantiate(Buffer.from(wasm, "base64"), {});
  const { multiplyAdd } = instance.exports;
  let best = Infinity;
  const start = performance.now();
  while (performance.now() - start < milliseconds) {
    const from = performance.now();
    multiplyAdd(count, 0.001, 0.999);
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
    readonly instance: {
      readonly exports: Readonly<Record<"multiplyAdd", (count: number, start: number, scale: number) => number>>;
    };
  }>;
};
