// A backend of shapes alone, where a model's parameters can be counted without being made.
import { disposeSymbol, type Backend } from "@beitjs/tensor-core";

export function createShapesBackend(): Backend {
  return {
    name: "shapes",
    kernels: new Map(),
    fallbacks: new Set(),
    scopes: [],
    memory: () => ({ live: 0, peak: 0, tensors: 0 }),
    allocate: () => undefined,
    free() {},
    write() {},
    read: async () => new Float32Array(),
    disposed: false,
    dispose() {},
    [disposeSymbol]() {},
  };
}
