// Setting the items of containers, with the checks that Python makes.
import { PickleError } from "./error.ts";
import { describe, isKind } from "./value.ts";
import type { PickleDict, PickleValue } from "./value.ts";

/** `dict[key] = value`; a key of a tuple or record counts by identity. */
export function setItem(dict: PickleDict, key: PickleValue, value: PickleValue, offset: number): void {
  if (isKind(key, "dict") || isKind(key, "list") || isKind(key, "set")) {
    throw new PickleError("Operand", `expected a hashable key, got a ${describe(key)}`, offset);
  }
  dict.entries.set(key, value);
}

export function setItems(target: PickleValue, items: ReadonlyArray<PickleValue>, offset: number): void {
  if (!isKind(target, "dict")) {
    throw new PickleError("Operand", `expected a dict to set items of, got ${describe(target)}`, offset);
  }
  if (items.length % 2 !== 0) {
    throw new PickleError("Operand", `expected pairs of key and value, got ${items.length} values`, offset);
  }
  for (let i = 0; i < items.length; i += 2)
    setItem(target, items[i] as PickleValue, items[i + 1] as PickleValue, offset);
}

export function appendItems(
  kind: "list" | "set",
  target: PickleValue,
  items: ReadonlyArray<PickleValue>,
  offset: number,
): void {
  if (!isKind(target, kind)) {
    throw new PickleError("Operand", `expected a ${kind} to append to, got ${describe(target)}`, offset);
  }
  for (const item of items) target.items.push(item);
}
