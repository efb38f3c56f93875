// @beitjs/tensor-core: tensors that belong to a backend, gradients, parameter trees. Ops, layers and backends have their
// own entry points, so that what is not named is not bundled.
export type { Backend, DryBackend, DType, HostArray, HostArrayOf, Kernel, MemoryUsage } from "./backend.ts";
export { disposeSymbol } from "./dispose-symbol.ts";
export { checkTree, fillTree, requireFinite, type FillTreeOptions } from "./fill-tree.ts";
export { processorQuota } from "./host-limits.ts";
export { disposeTree, scope } from "./scope.ts";
export type { ObservedSlots, OpObserver } from "./observer.ts";
export { recomputed, valueAndGradient, type ValueAndGradient } from "./tape.ts";
export { sizeOf, Tensor, tensor, zeros, type Shape } from "./tensor.ts";
export { leafAt, leaves, mapTree, valueCount } from "./tree.ts";
