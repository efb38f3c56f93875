// What a pickle is read as: inert data. Functions and classes are names, instances are records, tensors are descriptions
// of a part of a storage.
import type { SafeDtype } from "../safetensors/dtypes.ts";

/** A dict or an OrderedDict, in the order of the file; `attributes` is what was set on it (a state dict's `_metadata`). */
export type PickleDict = {
  readonly kind: "dict";
  readonly entries: Map<PickleValue, PickleValue>;
  attributes: PickleValue;
};
export type PickleList = { readonly kind: "list"; readonly items: PickleValue[] };
export type PickleTuple = { readonly kind: "tuple"; readonly items: ReadonlyArray<PickleValue> };
export type PickleSet = { readonly kind: "set"; readonly items: PickleValue[] };
/** A class or a function, by its dotted name. */
export type PickleGlobal = { readonly kind: "global"; readonly name: string };
/**
 * An instance that was not made, or a call that was not: its class or function, the arguments it would have had (keywords
 * as a dict at the end; what is called first, where that is a record itself), and its state. Subclasses of list, set and
 * dict hold `items` and `entries`.
 */
export type PickleObject = {
  readonly kind: "object";
  readonly className: string;
  readonly args: ReadonlyArray<PickleValue>;
  state: PickleValue;
  items?: PickleValue[];
  entries?: Map<PickleValue, PickleValue>;
};
/** A block of elements that lies elsewhere in the file. */
export type PickleStorage = {
  readonly kind: "storage";
  /** U8 where torch's element type has no name here. */
  readonly dtype: SafeDtype;
  readonly key: string;
  readonly length: number;
  /** Torch's own name of such a type, and its elements. */
  readonly foreign?: { readonly type: string; readonly length: number };
};
/** A view of a storage; offset and strides count elements of `dtype`, which is the storage's own but for untyped ones. */
export type PickleTensor = {
  readonly kind: "tensor";
  readonly dtype: SafeDtype;
  readonly storage: PickleStorage;
  readonly offset: number;
  readonly shape: ReadonlyArray<number>;
  readonly strides: ReadonlyArray<number>;
};

/** Any value of a checkpoint. Integers beyond 2^53 are bigint; None is null. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleDict
  | PickleList
  | PickleTuple
  | PickleSet
  | PickleGlobal
  | PickleObject
  | PickleStorage
  | PickleTensor;

type Kinded = Extract<PickleValue, { readonly kind: string }>;

/** A word for messages: the kind of a value, never its content. */
export function describe(value: PickleValue | undefined): string {
  if (value === null) return "None";
  if (typeof value !== "object") return value === undefined ? "nothing" : typeof value;
  return value instanceof Uint8Array ? "bytes" : value.kind;
}

export function isKind<K extends Kinded["kind"]>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<Kinded, { readonly kind: K }> {
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array) && value.kind === kind;
}
