// REDUCE, NEWOBJ, BUILD and BINPERSID, on inert data only: known constructors of torch are carried out here with every
// operand checked, all others become records.
import { PickleError } from "./error.ts";
import { isConstructor, isFactory, namedDtype, storageDtype } from "./globals.ts";
import type { ConstructorName } from "./globals.ts";
import { spend } from "./limits.ts";
import type { StepBudget } from "./limits.ts";
import { setItem } from "./items.ts";
import { describe, isKind } from "./value.ts";
import type { SafeDtype } from "../safetensors/dtypes.ts";
import type { PickleObject, PickleStorage, PickleTensor, PickleTuple, PickleValue } from "./value.ts";

export type ConstructContext = {
  readonly budget: StepBudget;
  /** Every storage that the file named, by its key. */
  readonly storages: Map<string, PickleStorage>;
};

const maxRank = 64;
const maxKey = 256;

/** `callable(*args)` as data. */
export function reduce(
  context: ConstructContext,
  callable: PickleValue,
  args: PickleValue,
  offset: number,
): PickleValue {
  if (!isKind(callable, "global")) throw operand("a global to REDUCE", callable, offset);
  if (!isKind(args, "tuple")) throw operand(`a tuple of arguments for ${callable.name}`, args, offset);
  if (isConstructor(callable.name)) return construct(context, callable.name, args.items, offset);
  return newObject(callable, args, offset);
}

/** An instance as a record of its class name and arguments. */
export function newObject(target: PickleValue, args: PickleValue, offset: number): PickleObject {
  if (!isKind(target, "global")) throw operand("a class", target, offset);
  if (!isKind(args, "tuple")) throw operand(`a tuple of arguments for ${target.name}`, args, offset);
  if (isConstructor(target.name) || isFactory(target.name) || storageDtype(target.name) !== undefined) {
    throw new PickleError("Operand", `expected a class for a record, got ${target.name}`, offset);
  }
  return { kind: "object", className: target.name, args: args.items, state: null };
}

/** Sets the state of a record, or the attributes of a dict. */
export function build(target: PickleValue, state: PickleValue, offset: number): void {
  if (isKind(target, "object")) target.state = state;
  else if (isKind(target, "dict")) target.attributes = state;
  else throw operand("an object or a dict to BUILD", target, offset);
}

/** What torch writes in place of a storage, `("storage", class, key, location, length)`, or of a module's class. */
export function persistent(context: ConstructContext, id: PickleValue, offset: number): PickleValue {
  if (!isKind(id, "tuple")) throw operand("a tuple for BINPERSID", id, offset);
  const [type, target, key, , length, view] = id.items;
  if (type === "module" && isKind(target, "global")) return target;
  if (type !== "storage") throw operand('"storage" or "module" for BINPERSID', type, offset);
  const dtype = isKind(target, "global") ? storageDtype(target.name) : undefined;
  if (dtype === undefined) throw operand("a storage class for BINPERSID", target, offset);
  if (typeof key !== "string" || key.length > maxKey)
    throw operand(`a storage key of at most ${maxKey} characters`, key, offset);
  if (!isCount(length)) throw operand("a storage length", length, offset);
  if (view !== undefined && view !== null) throw operand("a whole storage, no view of one,", view, offset);
  const known = context.storages.get(key);
  if (known === undefined) {
    const storage: PickleStorage = { kind: "storage", dtype, key, length };
    context.storages.set(key, storage);
    return storage;
  }
  if (known.dtype === dtype && known.length === length) return known;
  throw new PickleError(
    "Storage",
    `expected storage ${JSON.stringify(key)} to be ${known.dtype} of ${known.length} again, got ${dtype} of ${length}`,
    offset,
  );
}

function construct(
  context: ConstructContext,
  name: ConstructorName,
  args: ReadonlyArray<PickleValue>,
  offset: number,
): PickleValue {
  switch (name) {
    case "collections.OrderedDict":
      return orderedDict(context, args, offset);
    case "collections.defaultdict":
      return defaultDict(args, offset);
    case "builtins.set":
      return { kind: "set", items: sequence(context, name, args, offset) };
    case "torch.Size":
      return { kind: "tuple", items: sequence(context, name, args, offset) };
    case "torch._utils._rebuild_parameter": {
      const [tensor] = args;
      if (!isKind(tensor, "tensor")) throw operand(`a tensor for ${name}`, tensor, offset);
      return tensor;
    }
    case "torch._utils._rebuild_tensor":
    case "torch._utils._rebuild_tensor_v2":
      return rebuildTensor(name, args, undefined, offset);
    case "torch._utils._rebuild_tensor_v3":
      return rebuildTensor(name, args, typeArgument(name, args[6], offset), offset);
  }
}

/** A dict; what it would make missing values with is dropped. */
function defaultDict(args: ReadonlyArray<PickleValue>, offset: number): PickleValue {
  const [factory] = args;
  if (args.length > 1 || !(factory === undefined || factory === null || isKind(factory, "global"))) {
    throw operand("a factory for collections.defaultdict", args[1] ?? factory, offset);
  }
  return { kind: "dict", entries: new Map<PickleValue, PickleValue>(), attributes: null };
}

function typeArgument(name: string, value: PickleValue | undefined, offset: number): SafeDtype {
  const dtype = isKind(value, "global") ? namedDtype(value.name) : undefined;
  if (dtype === undefined) throw operand(`an element type for ${name}`, value, offset);
  return dtype;
}

function orderedDict(context: ConstructContext, args: ReadonlyArray<PickleValue>, offset: number): PickleValue {
  const dict = { kind: "dict", entries: new Map<PickleValue, PickleValue>(), attributes: null } as const;
  if (args.length === 0) return dict;
  for (const pair of sequence(context, "collections.OrderedDict", args, offset)) {
    if (!(isKind(pair, "tuple") || isKind(pair, "list")) || pair.items.length !== 2) {
      throw operand("pairs for collections.OrderedDict", pair, offset);
    }
    setItem(dict, pair.items[0] as PickleValue, pair.items[1] as PickleValue, offset);
  }
  return dict;
}

/** A copy of the one list or tuple that a constructor takes; copying costs steps, so that a shared one cannot multiply. */
function sequence(
  context: ConstructContext,
  name: string,
  args: ReadonlyArray<PickleValue>,
  offset: number,
): PickleValue[] {
  const [items] = args;
  if (args.length !== 1 || !(isKind(items, "list") || isKind(items, "tuple"))) {
    throw operand(`one list for ${name}`, items, offset);
  }
  spend(context.budget, items.items.length, offset);
  return [...items.items];
}

function rebuildTensor(
  name: string,
  args: ReadonlyArray<PickleValue>,
  type: SafeDtype | undefined,
  offset: number,
): PickleTensor {
  const [storage, start, shape, strides] = args;
  if (!isKind(storage, "storage")) throw operand(`a storage for ${name}`, storage, offset);
  if (!isCount(start)) throw operand(`an offset for ${name}`, start, offset);
  const sizes = counts(name, shape, offset);
  const steps = counts(name, strides, offset);
  if (sizes.length !== steps.length) {
    throw new PickleError("Operand", `expected ${sizes.length} strides for ${name}, got ${steps.length}`, offset);
  }
  const dtype = type ?? storage.dtype;
  return { kind: "tensor", dtype, storage, offset: start, shape: sizes, strides: steps };
}

function counts(name: string, value: PickleValue | undefined, offset: number): ReadonlyArray<number> {
  if (!isKind(value, "tuple") || value.items.length > maxRank || !value.items.every(isCount)) {
    throw operand(`a tuple of at most ${maxRank} sizes for ${name}`, value, offset);
  }
  return (value as PickleTuple & { items: ReadonlyArray<number> }).items;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function operand(expected: string, got: PickleValue | undefined, offset: number): PickleError {
  return new PickleError("Operand", `expected ${expected}, got ${describe(got)}`, offset);
}
