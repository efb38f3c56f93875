// The reference backend: tensors in double precision on the host and no kernels at all, so every op runs its own
// reference. Slow and plain; the truth every other backend is compared with.
import type { Backend, DType, HostArray } from "../../backend.ts";
import { disposeSymbol } from "../../dispose-symbol.ts";

/** Backend in float64 that runs the ops' references. For tests, gradient checks and golden values. */
export function createReferenceBackend(): Backend {
  let live = 0;
  let peak = 0;
  let tensors = 0;
  let disposed = false;
  const dispose = (): void => void (disposed = true);
  return {
    name: "reference",
    kernels: new Map(),
    fallbacks: new Set(),
    scopes: [],
    memory: () => ({ live, peak, tensors }),
    allocate(size: number, dtype: DType): HostArray {
      const values = dtype === "int32" ? new Int32Array(size) : new Float64Array(size);
      live += values.byteLength;
      peak = Math.max(peak, live);
      tensors++;
      return values;
    },
    free(handle) {
      live -= (handle as HostArray).byteLength;
      tensors--;
    },
    write: (handle, values) => (handle as HostArray).set(values),
    read: async (handle) => (handle as HostArray).slice(),
    readSync: (handle) => (handle as HostArray).slice(),
    peek: (handle, count) => (handle as HostArray).slice(0, count),
    get disposed() {
      return disposed;
    },
    dispose,
    [disposeSymbol]: dispose,
  };
}
