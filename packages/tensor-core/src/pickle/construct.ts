// REDUCE, NEWOBJ and BUILD, on inert data only: known constructors of torch and of Python's containers are carried out here
// with every operand checked, all others become records of a name and its arguments.
import { spend } from "./limits.ts";
import type { StepBudget } from "./limits.ts";
import { addEntries, setItem } from "./items.ts";
import { operand } from "./operand-error.ts";
import type { Storages } from "./persistent.ts";
import { rebuildTensor } from "./rebuild.ts";
import { isKind } from "./value.ts";
import type { PickleDict, PickleObject, PickleValue } from "./value.ts";

export type ConstructContext = Storages & { readonly budget: StepBudget };

type Call = {
  readonly context: ConstructContext;
  readonly name: string;
  readonly args: ReadonlyArray<PickleValue>;
  readonly offset: number;
};
/** Undefined: it becomes a record. */
type Constructor = (call: Call) => PickleValue | undefined;

const constructors: ReadonlyMap<string, Constructor> = new Map<string, Constructor>([
  ["collections.OrderedDict", orderedDict],
  ["collections.defaultdict", defaultDict],
  ["builtins.set", (call) => ({ kind: "set", items: call.args.length === 0 ? [] : sequence(call) })],
  ["torch.Size", (call) => ({ kind: "tuple", items: sequence(call) })],
  ["copyreg._reconstructor", reconstruct],
  ["copyreg.__newobj__", newFromArgs],
  ["torch._utils._rebuild_tensor", ({ name, args, offset }) => rebuildTensor(name, args, offset)],
  ["torch._utils._rebuild_tensor_v2", ({ name, args, offset }) => rebuildTensor(name, args, offset)],
  ["torch._utils._rebuild_tensor_v3", ({ name, args, offset }) => rebuildTensor(name, args, offset)],
  ["torch._utils._rebuild_parameter", wrapped],
  ["torch._utils._rebuild_parameter_with_state", wrapped],
  ["torch._utils._rebuild_device_tensor_from_cpu_tensor", wrapped],
  // Before torch 0.4.
  ["torch.autograd.variable.Variable", wrapped],
  ["torch.nn.parameter.Parameter", wrapped],
  ["torch._tensor._rebuild_from_type", fromType],
  ["torch._tensor._rebuild_from_type_v2", fromType],
]);

/** `callable(*args)` as data. */
export function reduce(
  context: ConstructContext,
  callable: PickleValue,
  args: PickleValue,
  offset: number,
): PickleValue {
  if (isKind(callable, "object")) return callRecord(context, callable, args, offset);
  if (!isKind(callable, "global")) throw operand("a global to REDUCE", callable, offset);
  if (!isKind(args, "tuple")) throw operand(`a tuple of arguments for ${callable.name}`, args, offset);
  const made = constructors.get(callable.name)?.({ context, name: callable.name, args: args.items, offset });
  return made ?? newObject(callable, args, offset);
}

/** An instance as a record of its class name and arguments; keyword arguments stand behind the others. */
export function newObject(
  target: PickleValue,
  args: PickleValue,
  offset: number,
  keywords?: PickleValue,
): PickleObject {
  const name = classOf(target);
  if (name === undefined) throw operand("a class", target, offset);
  if (!isKind(args, "tuple")) throw operand(`a tuple of arguments for ${name}`, args, offset);
  if (keywords !== undefined && !isKind(keywords, "dict")) throw operand("a dict of keywords", keywords, offset);
  const named = isKind(keywords, "dict") && keywords.entries.size > 0 ? [keywords] : [];
  return {
    kind: "object",
    className: name,
    args: named.length > 0 ? [...args.items, ...named] : args.items,
    state: null,
  };
}

/** Sets the state of a record, or the attributes of a dict; a tensor keeps none. */
export function build(target: PickleValue, state: PickleValue, offset: number): void {
  if (isKind(target, "object")) target.state = state;
  else if (isKind(target, "dict")) target.attributes = state;
  else if (!isKind(target, "tensor")) throw operand("an object or a dict to BUILD", target, offset);
}

// A class may be one that the pickle itself describes, by value: then it is a record.
function classOf(target: PickleValue): string | undefined {
  if (isKind(target, "global")) return target.name;
  return isKind(target, "object") ? target.className : undefined;
}

function callRecord(
  { budget }: ConstructContext,
  callable: PickleObject,
  args: PickleValue,
  offset: number,
): PickleObject {
  if (!isKind(args, "tuple")) throw operand(`a tuple of arguments for ${callable.className}`, args, offset);
  spend(budget, args.items.length, offset);
  return { kind: "object", className: callable.className, args: [callable, ...args.items], state: null };
}

/** A dict; what it would make missing values with is dropped. */
function defaultDict({ args, offset }: Call): PickleValue {
  if (args.length > 1) throw operand("a factory for collections.defaultdict", args[1], offset);
  return emptyDict();
}

function emptyDict(): PickleDict {
  return { kind: "dict", entries: new Map<PickleValue, PickleValue>(), attributes: null };
}

function orderedDict(call: Call): PickleValue | undefined {
  const { context, args, offset } = call;
  const dict = emptyDict();
  const [source] = args;
  if (isKind(source, "object")) return undefined;
  if (isKind(source, "dict")) {
    spend(context.budget, source.entries.size, offset);
    for (const [key, value] of source.entries) setItem(dict.entries, key, value, offset);
    return dict;
  }
  for (const pair of args.length === 0 ? [] : sequence(call)) {
    if (!(isKind(pair, "tuple") || isKind(pair, "list")) || pair.items.length !== 2) {
      throw operand("pairs for collections.OrderedDict", pair, offset);
    }
    setItem(dict.entries, pair.items[0] as PickleValue, pair.items[1] as PickleValue, offset);
  }
  return dict;
}

/** `(class, base, value)`: how protocols below 2 write an instance, with the value of a subclass of a container. */
function reconstruct({ context, name, args: [target, , value], offset }: Call): PickleValue {
  const className = target === undefined ? undefined : classOf(target);
  if (className === undefined) throw operand(`a class for ${name}`, target, offset);
  const object: PickleObject = { kind: "object", className, args: [], state: null };
  if (isKind(value, "dict")) {
    spend(context.budget, value.entries.size, offset);
    addEntries(object, value.entries, offset);
  } else if (isKind(value, "list") || isKind(value, "tuple") || isKind(value, "set")) {
    spend(context.budget, value.items.length, offset);
    object.items = [...value.items];
  }
  return object;
}

function newFromArgs({ context, name, args, offset }: Call): PickleValue {
  const [target, ...rest] = args;
  if (target === undefined) throw operand(`a class for ${name}`, target, offset);
  spend(context.budget, rest.length, offset);
  return newObject(target, { kind: "tuple", items: rest }, offset);
}

/** What only wraps its first argument. */
function wrapped({ name, args, offset }: Call): PickleValue | undefined {
  const [tensor] = args;
  if (isKind(tensor, "tensor") || isKind(tensor, "object")) return tensor;
  if (name.startsWith("torch._utils.")) throw operand(`a tensor for ${name}`, tensor, offset);
  return undefined;
}

/** `(function, class, args, state)`: a tensor with attributes, or of a subclass. */
function fromType({ context, args: [callable, , args], offset }: Call): PickleValue | undefined {
  // One in the other would nest as deep as the file likes.
  if (!isKind(callable, "global") || !isKind(args, "tuple") || !callable.name.startsWith("torch._utils."))
    return undefined;
  return reduce(context, callable, args, offset);
}

/** A copy of the one list or tuple that a constructor takes; copying costs steps, so that a shared one cannot multiply. */
function sequence({ context, name, args, offset }: Call): PickleValue[] {
  const [items] = args;
  if (args.length !== 1 || !(isKind(items, "list") || isKind(items, "tuple"))) {
    throw operand(`one list for ${name}`, items, offset);
  }
  spend(context.budget, items.items.length, offset);
  return [...items.items];
}
