// tfjs-node 4.22 asks `util.isNullOrUndefined`, which Node took away in version 23: without it a softmax or a convolution
// on TensorFlow ends in "is not a function". It looks the function up when it calls it, so giving it back here is in time.
type Util = { isNullOrUndefined?: (value: unknown) => boolean };
type Host = { readonly process?: { getBuiltinModule?(name: "node:util"): Util } };

export function restoreNullCheck(util = (globalThis as Host).process?.getBuiltinModule?.("node:util")): void {
  if (util) util.isNullOrUndefined ??= (value) => value === null || value === undefined;
}
