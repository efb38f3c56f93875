// From a tree of values to tensors by dotted name, as `Module.state_dict` names them: a module's parameters, buffers and
// submodules lie directly under it. Every tensor is checked against its storage; no bytes are touched.
import { PickleError } from "./error.ts";
import type { PickleLimits } from "./limits.ts";
import { checkTensor } from "./materialize.ts";
import { foreignTensor } from "./rebuild.ts";
import { isKind } from "./value.ts";
import type { PickleDict, PickleObject, PickleTensor, PickleValue } from "./value.ts";

export type FlattenInput = {
  readonly limits: PickleLimits;
  /** Values that may be visited: one that is shared is visited at each of its places, and may not multiply for ever. */
  readonly maxVisits: number;
  readonly maxCopiedBytes: number;
  readonly bigEndian: boolean;
};

export type Flattened = {
  readonly tensors: ReadonlyMap<string, PickleTensor>;
  /** Why the others are not among them. */
  readonly setAside: ReadonlyMap<string, string>;
};

const maxPath = 1024;

type Walk = FlattenInput & {
  readonly tensors: Map<string, PickleTensor>;
  readonly setAside: Map<string, string>;
  /** What is against each tensor, once for all its places. */
  readonly checked: Map<PickleTensor, string | undefined>;
  readonly open: Set<PickleValue>;
  /** The keys on the way to the value in work. */
  readonly path: string[];
  copiedBytes: number;
  visits: number;
};

/**
 * All tensors of a tree in its order. Dicts by key, lists by index, modules by their three tables, subclasses of containers
 * by what they hold; the arguments and the state of other records are left alone. A value that contains itself is not
 * entered again.
 */
export function flatten(root: PickleValue, input: FlattenInput): Flattened {
  const maps = { tensors: new Map(), setAside: new Map(), checked: new Map(), open: new Set<PickleValue>() };
  const walk: Walk = { ...input, ...maps, path: [], copiedBytes: 0, visits: 0 };
  visit(walk, root);
  return { tensors: walk.tensors, setAside: walk.setAside };
}

function visit(walk: Walk, value: PickleValue): void {
  if (++walk.visits > walk.maxVisits) {
    throw new PickleError("Limit", `expected at most ${walk.maxVisits} places in the tree, got more at ${shown(walk)}`);
  }
  if (isKind(value, "tensor")) return addTensor(walk, value);
  const foreign = isKind(value, "object") ? foreignTensor(value) : undefined;
  if (foreign !== undefined) return setAside(walk, foreign);
  const children = childrenOf(value);
  if (children === undefined || walk.open.has(value)) return;
  if (walk.open.size >= walk.limits.maxDepth) {
    throw new PickleError("Limit", `expected at most ${walk.limits.maxDepth} levels, got more at ${shown(walk)}`);
  }
  walk.open.add(value);
  for (const [key, child] of children) {
    walk.path.push(key);
    visit(walk, child);
    walk.path.pop();
  }
  walk.open.delete(value);
}

type Children = Iterable<readonly [string, PickleValue]>;

function childrenOf(value: PickleValue): Children | undefined {
  if (isKind(value, "dict")) return named(value.entries);
  if (isKind(value, "list") || isKind(value, "tuple")) return indexed(value.items);
  return isKind(value, "object") ? objectChildren(value) : undefined;
}

function* named(entries: ReadonlyMap<PickleValue, PickleValue>): Generator<readonly [string, PickleValue]> {
  for (const [key, child] of entries) {
    if (typeof key === "string" || typeof key === "number") yield [String(key), child];
  }
}

function* indexed(items: ReadonlyArray<PickleValue>): Generator<readonly [string, PickleValue]> {
  for (const [index, child] of items.entries()) yield [String(index), child];
}

function* objectChildren(object: PickleObject): Generator<readonly [string, PickleValue]> {
  const module = moduleOf(object);
  if (module !== undefined) {
    yield* named(tableOf(module, "_parameters"));
    // A state dict leaves out the buffers that a module makes again by itself.
    const transient = module.entries.get("_non_persistent_buffers_set");
    const names = new Set(isKind(transient, "set") ? transient.items : []);
    for (const [name, child] of named(tableOf(module, "_buffers"))) if (!names.has(name)) yield [name, child];
    yield* named(tableOf(module, "_modules"));
  }
  if (object.entries) yield* named(object.entries);
  if (object.items) yield* indexed(object.items);
}

/** The attributes of a module: its state, the first part of one with slots, or what a traced module is made from. */
function moduleOf({ state, args }: PickleObject): PickleDict | undefined {
  return [state, isKind(state, "tuple") ? state.items[0] : null, args[0]].find(
    (one): one is PickleDict => isKind(one, "dict") && one.entries.has("_parameters") && one.entries.has("_modules"),
  );
}

function tableOf(module: PickleDict, name: string): ReadonlyMap<PickleValue, PickleValue> {
  const table = module.entries.get(name);
  return isKind(table, "dict") ? table.entries : new Map<PickleValue, PickleValue>();
}

function addTensor(walk: Walk, tensor: PickleTensor): void {
  if (!walk.checked.has(tensor)) walk.checked.set(tensor, check(walk, tensor));
  const reason = walk.checked.get(tensor);
  if (reason !== undefined) return setAside(walk, reason);
  const path = pathOf(walk);
  if (walk.tensors.has(path)) throw new PickleError("Tree", `expected one tensor named ${shown(walk)}, got two`);
  walk.tensors.set(path, tensor);
}

/** A tensor that repeats few elements may stand for more bytes than there are; nothing but an `expand` makes one. */
function check(walk: Walk, tensor: PickleTensor): string | undefined {
  const bytes = checkTensor(tensor, shown(walk), walk.bigEndian);
  if (walk.copiedBytes + bytes > walk.maxCopiedBytes) {
    return `a view whose copy takes ${bytes} bytes, where ${walk.maxCopiedBytes - walk.copiedBytes} are left`;
  }
  walk.copiedBytes += bytes;
  return undefined;
}

function setAside(walk: Walk, reason: string): void {
  walk.setAside.set(pathOf(walk), reason);
}

/** The name of the tensor in work; there may be so many of them, and they may be so long. */
function pathOf({ path, tensors, setAside, limits }: Walk): string {
  if (tensors.size + setAside.size >= limits.maxTensors) {
    throw new PickleError("Limit", `expected at most ${limits.maxTensors} tensors, got more`);
  }
  const length = path.reduce((sum, key) => sum + key.length + 1, 0);
  if (length > maxPath + 1) {
    throw new PickleError("Limit", `expected a tensor's name of at most ${maxPath} characters, got ${length - 1}`);
  }
  return path.join(".");
}

/** A path in a message: quoted, and no longer than a line. */
function shown({ path }: Walk): string {
  const text = path.map((key) => key.slice(0, 200)).join(".");
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}
