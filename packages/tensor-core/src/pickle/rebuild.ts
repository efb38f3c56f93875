// Tensors from the arguments of torch's own constructors. (torch: torch/_utils.py) What is no plain strided tensor of a type
// that has a name here stays a record, and `foreignTensor` says in words what it is.
import { PickleError } from "./error.ts";
import { namedDtype } from "./globals.ts";
import { isCount, operand } from "./operand-error.ts";
import { isKind } from "./value.ts";
import type { PickleObject, PickleTensor, PickleTuple, PickleValue } from "./value.ts";

const maxRank = 64;

/** `_rebuild_tensor`, `_v2` or `_v3`; undefined for what stays a record. */
export function rebuildTensor(
  name: string,
  args: ReadonlyArray<PickleValue>,
  offset: number,
): PickleTensor | undefined {
  const [storage, start, shape, strides] = args;
  const typed = name.endsWith("_v3");
  if (isKind(storage, "object") || isLazy(args[typed ? 7 : 6])) return undefined;
  if (!isKind(storage, "storage")) throw operand(`a storage for ${name}`, storage, offset);
  if (!isCount(start)) throw operand(`an offset for ${name}`, start, offset);
  const sizes = counts(name, shape, offset);
  const steps = counts(name, strides, offset);
  if (sizes.length !== steps.length) {
    throw new PickleError("Operand", `expected ${sizes.length} strides for ${name}, got ${steps.length}`, offset);
  }
  const type = args[6];
  if (typed && !isKind(type, "global")) throw operand(`an element type for ${name}`, type, offset);
  const dtype = typed && isKind(type, "global") ? namedDtype(type.name) : storage.dtype;
  if (dtype === undefined || storage.foreign !== undefined) return undefined;
  return { kind: "tensor", dtype, storage, offset: start, shape: sizes, strides: steps };
}

/** Whether torch would conjugate or negate the elements when they are used: then they are not what the storage holds. */
function isLazy(metadata: PickleValue | undefined): boolean {
  if (!isKind(metadata, "dict")) return false;
  return metadata.entries.get("conj") === true || metadata.entries.get("neg") === true;
}

function counts(name: string, value: PickleValue | undefined, offset: number): ReadonlyArray<number> {
  if (!isKind(value, "tuple") || value.items.length > maxRank || !value.items.every(isCount)) {
    throw operand(`a tuple of at most ${maxRank} sizes for ${name}`, value, offset);
  }
  return (value as PickleTuple & { items: ReadonlyArray<number> }).items;
}

const kinds: ReadonlyArray<readonly [RegExp, string]> = [
  [/^torch\._utils\._rebuild_qtensor$/, "a quantized tensor"],
  [/^torch\._utils\._rebuild_sparse/, "a sparse tensor"],
  [/^torch\._utils\._rebuild_nested/, "a nested tensor"],
  [/^torch\._utils\._rebuild_meta/, "a tensor without elements (meta)"],
  [
    /^numpy\.(_?core\.multiarray\._reconstruct|_core\.numeric\._frombuffer|core\.numeric\._frombuffer)$/,
    "a numpy array",
  ],
];

/** What a record is, where it is a tensor of a kind that is not read. */
export function foreignTensor({ className, args }: PickleObject): string | undefined {
  const kind = kinds.find(([pattern]) => pattern.test(className))?.[1];
  if (kind !== undefined) return kind;
  if (!/^torch\..*\b_rebuild_/.test(className)) return undefined;
  const [storage] = args;
  if (isKind(storage, "storage") && storage.foreign) return `a tensor of ${storage.foreign.type}`;
  const type = className.endsWith("_v3") ? args[6] : undefined;
  if (isKind(type, "global") && namedDtype(type.name) === undefined) return `a tensor of ${clip(type.name)}`;
  if (isKind(storage, "storage")) return "a tensor to be conjugated or negated";
  return `a tensor made by ${clip(className)}`;
}

function clip(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}...` : name;
}
