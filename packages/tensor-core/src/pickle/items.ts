// Setting the items of containers, with the checks that Python makes. A record may be a subclass of any container.
import { PickleError } from "./error.ts";
import { operand } from "./operand-error.ts";
import { describe, isKind } from "./value.ts";
import type { PickleObject, PickleValue } from "./value.ts";

/** `dict[key] = value`; a key of a tuple or record counts by identity. */
export function setItem(
  entries: Map<PickleValue, PickleValue>,
  key: PickleValue,
  value: PickleValue,
  offset: number,
): void {
  if (isKind(key, "dict") || isKind(key, "list") || isKind(key, "set")) {
    throw new PickleError("Operand", `expected a hashable key, got a ${describe(key)}`, offset);
  }
  entries.set(key, value);
}

export function setItems(target: PickleValue, items: ReadonlyArray<PickleValue>, offset: number): void {
  const entries = entriesOf(target);
  if (entries === undefined) throw operand("a dict to set items of", target, offset);
  if (items.length % 2 !== 0) {
    throw new PickleError("Operand", `expected pairs of key and value, got ${items.length} values`, offset);
  }
  for (let i = 0; i < items.length; i += 2) {
    setItem(entries, items[i] as PickleValue, items[i + 1] as PickleValue, offset);
  }
}

/** The entries of a dict as those of a record. */
export function addEntries(target: PickleObject, from: ReadonlyMap<PickleValue, PickleValue>, offset: number): void {
  const entries = (target.entries ??= new Map<PickleValue, PickleValue>());
  for (const [key, value] of from) setItem(entries, key, value, offset);
}

export function appendItems(
  kind: "list" | "set",
  target: PickleValue,
  items: ReadonlyArray<PickleValue>,
  offset: number,
): void {
  const own = isKind(target, "object") ? (target.items ??= []) : isKind(target, kind) ? target.items : undefined;
  if (own === undefined) throw operand(`a ${kind} to append to`, target, offset);
  for (const item of items) own.push(item);
}

function entriesOf(target: PickleValue): Map<PickleValue, PickleValue> | undefined {
  if (isKind(target, "dict")) return target.entries;
  return isKind(target, "object") ? (target.entries ??= new Map<PickleValue, PickleValue>()) : undefined;
}
