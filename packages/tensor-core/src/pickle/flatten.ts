// From a tree of values to tensors by dotted name, as `Module.state_dict` names them: a module's parameters, buffers and
// submodules lie directly under it. Every tensor is checked against its storage; no bytes are touched.
import { PickleError } from "./error.ts";
import type { PickleLimits } from "./limits.ts";
import { checkTensor } from "./materialize.ts";
import type { Copies } from "./materialize.ts";
import { isKind } from "./value.ts";
import type { PickleObject, PickleTensor, PickleValue } from "./value.ts";

export type FlattenInput = {
  readonly limits: PickleLimits;
  /** Values that may be visited: one that is shared is visited at each of its places, and may not multiply for ever. */
  readonly maxVisits: number;
  readonly maxCopiedBytes: number;
};

const maxPath = 1024;

type Walk = FlattenInput & {
  readonly tensors: Map<string, PickleTensor>;
  readonly checked: Set<PickleTensor>;
  readonly copies: Copies;
  readonly open: Set<PickleValue>;
  visits: number;
};

/** All tensors of a tree in its order. Dicts by key, lists by index, modules by their three tables; records hold none. */
export function flatten(root: PickleValue, input: FlattenInput): Map<string, PickleTensor> {
  const copies: Copies = { bytes: 0, limit: input.maxCopiedBytes };
  const walk: Walk = { ...input, copies, tensors: new Map(), checked: new Set(), open: new Set(), visits: 0 };
  visit(walk, root, "");
  return walk.tensors;
}

function visit(walk: Walk, value: PickleValue, path: string): void {
  if (++walk.visits > walk.maxVisits) {
    throw new PickleError("Limit", `expected at most ${walk.maxVisits} places in the tree, got more at ${show(path)}`);
  }
  // Keys may be shared, and a path is copied for every tensor under it.
  if (path.length > maxPath)
    throw new PickleError("Limit", `expected names of at most ${maxPath} characters, got ${show(path)}`);
  if (isKind(value, "tensor")) return addTensor(walk, value, path);
  const children = childrenOf(value);
  if (children === undefined) return;
  if (walk.open.has(value))
    throw new PickleError("Tree", `expected a tree, got a value that contains itself at ${show(path)}`);
  if (walk.open.size >= walk.limits.maxDepth) {
    throw new PickleError("Limit", `expected at most ${walk.limits.maxDepth} levels, got more at ${show(path)}`);
  }
  walk.open.add(value);
  for (const [key, child] of children) visit(walk, child, path === "" ? key : `${path}.${key}`);
  walk.open.delete(value);
}

function childrenOf(value: PickleValue): Iterable<readonly [string, PickleValue]> | undefined {
  if (isKind(value, "dict")) return named(value.entries);
  if (isKind(value, "list") || isKind(value, "tuple")) return indexed(value.items);
  return isKind(value, "object") ? moduleChildren(value) : undefined;
}

function* named(entries: ReadonlyMap<PickleValue, PickleValue>): Generator<readonly [string, PickleValue]> {
  for (const [key, child] of entries) {
    if (typeof key === "string" || typeof key === "number") yield [String(key), child];
  }
}

function* indexed(items: ReadonlyArray<PickleValue>): Generator<readonly [string, PickleValue]> {
  for (const [index, child] of items.entries()) yield [String(index), child];
}

function* moduleChildren({ state }: PickleObject): Generator<readonly [string, PickleValue]> {
  if (!isKind(state, "dict")) return;
  for (const table of ["_parameters", "_buffers", "_modules"]) {
    const children = state.entries.get(table);
    if (isKind(children, "dict")) yield* named(children.entries);
  }
}

function addTensor(walk: Walk, tensor: PickleTensor, path: string): void {
  if (walk.tensors.has(path)) throw new PickleError("Tree", `expected one tensor named ${show(path)}, got two`);
  if (walk.tensors.size >= walk.limits.maxTensors) {
    throw new PickleError("Limit", `expected at most ${walk.limits.maxTensors} tensors, got more`);
  }
  if (!walk.checked.has(tensor)) checkTensor(tensor, walk.copies, show(path));
  walk.checked.add(tensor);
  walk.tensors.set(path, tensor);
}

/** A path in a message: quoted, and no longer than a line. */
function show(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}...` : path);
}
