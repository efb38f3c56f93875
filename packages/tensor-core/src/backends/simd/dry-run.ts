// The simd backend without its memory: the same places for the same tensors, and kernels that take their scratch and compute nothing.
import type { DryBackend, DType } from "../../backend.ts";
import { disposeSymbol } from "../../dispose-symbol.ts";
import type { Allocator } from "./allocator.ts";
import { bindKernels, type Simd } from "./context.ts";
import * as allKernels from "./kernels/index.ts";
import type { PreparedForms } from "./prepared.ts";
import type { Threads } from "./threads.ts";

type Place = { readonly address: number; readonly size: number; readonly dtype: DType };

/** Threads that run nothing. */
export function idleThreads(count: number): Threads {
  return { count, parallel() {}, dispose() {} };
}

/** @param context over `allocator`, which has no end, and `idleThreads` */
export function createDrySimd(
  allocator: Allocator,
  prepared: PreparedForms,
  context: Simd & { release(): void },
): DryBackend {
  const blank = ({ size, dtype }: Place) => (dtype === "int32" ? new Int32Array(size) : new Float32Array(size));
  const simd: typeof context = {
    ...context,
    // Sizes of scratch follow from the arguments alone.
    call: (kernel, ...args) => (kernel.endsWith("Bytes") ? context.call(kernel, ...args) : (0 as never)),
    float32: (_, length) => new Float32Array(length),
    int32: (_, length) => new Int32Array(length),
  };
  return {
    name: "dry simd",
    kernels: bindKernels(Object.values(allKernels), simd),
    fallbacks: new Set(),
    scopes: [],
    memory: () => ({ live: allocator.live, peak: allocator.peak, tensors: allocator.blocks - prepared.count }),
    usage: () => ({ peak: allocator.peak, reserved: allocator.reserved, largest: allocator.largest }),
    allocate: (size: number, dtype: DType): Place => ({ address: allocator.allocate(size * 4), size, dtype }),
    free(handle) {
      const { address } = handle as Place;
      prepared.free(address);
      allocator.free(address);
    },
    write() {},
    read: async (handle) => blank(handle as Place),
    readSync: (handle) => blank(handle as Place),
    disposed: false,
    dispose() {},
    [disposeSymbol]() {},
  };
}
