// Persistent ids: what torch writes in place of a storage or of a module's class. (torch: torch/serialization.py)
import { PickleError } from "./error.ts";
import { foreignStorage, storageDtype } from "./globals.ts";
import { isCount, operand } from "./operand-error.ts";
import { isKind } from "./value.ts";
import type { PickleStorage, PickleTuple, PickleValue } from "./value.ts";

export type Storages = {
  /** Every storage that the file named, by its key. */
  readonly storages: Map<string, PickleStorage>;
  /** Storages that are a part of another, as torch before 0.4 wrote them, by a key of their own. */
  readonly views: Map<string, StorageView>;
};
export type StorageView = { readonly storage: PickleStorage; readonly whole: PickleStorage; readonly offset: number };

const maxKey = 256;

/**
 * `("storage", class, key, location, length)` as a storage, `("module", class, source ...)` as the class; any other
 * program's id as a record.
 */
export function persistent(context: Storages, id: PickleValue, offset: number): PickleValue {
  const type = isKind(id, "tuple") ? id.items[0] : undefined;
  if (isKind(id, "tuple") && type === "module" && isKind(id.items[1], "global")) return id.items[1];
  if (isKind(id, "tuple") && type === "storage") return storageOf(context, id, offset);
  return { kind: "object", className: "persistent id", args: [id], state: null };
}

function storageOf(context: Storages, id: PickleTuple, offset: number): PickleStorage {
  const [, target, key, , length, view] = id.items;
  const name = isKind(target, "global") ? target.name : "";
  if (!isKey(key)) throw operand(`a storage key of at most ${maxKey} characters`, key, offset);
  if (!isCount(length)) throw operand("a storage length", length, offset);
  const dtype = storageDtype(name);
  const foreign = dtype === undefined ? foreignStorage(name) : undefined;
  if (dtype === undefined && foreign === undefined) {
    if (isKind(target, "global")) throw new PickleError("Unsupported", `expected a storage, got a ${name}`, offset);
    throw operand("a storage class for a persistent id", target, offset);
  }
  const storage: PickleStorage = foreign
    ? { kind: "storage", dtype: "U8", key, length: length * foreign.bytes, foreign: { type: foreign.name, length } }
    : { kind: "storage", dtype: dtype ?? "U8", key, length };
  const whole = remember(context, storage, offset);
  return view === undefined || view === null ? whole : viewOf(context, whole, view, offset);
}

function remember({ storages }: Storages, storage: PickleStorage, offset: number): PickleStorage {
  const known = storages.get(storage.key);
  if (known === undefined) {
    storages.set(storage.key, storage);
    return storage;
  }
  if (inWords(known) === inWords(storage)) return known;
  const message = `expected storage ${JSON.stringify(storage.key)} to be ${inWords(known)} again, got ${inWords(storage)}`;
  throw new PickleError("Storage", message, offset);
}

/** `(key, offset, length)` in elements of the whole. */
function viewOf({ views }: Storages, whole: PickleStorage, view: PickleValue, offset: number): PickleStorage {
  const [key, start, length] = isKind(view, "tuple") ? view.items : [];
  if (!isKey(key) || !isCount(start) || !isCount(length)) throw operand("a view of a storage", view, offset);
  if (whole.foreign) throw new PickleError("Unsupported", `expected no view of ${inWords(whole)}`, offset);
  if (start + length > whole.length) {
    const message = `expected ${length} elements from ${start} inside ${inWords(whole)}`;
    throw new PickleError("Storage", message, offset);
  }
  const known = views.get(key);
  if (known === undefined) {
    const storage: PickleStorage = { kind: "storage", dtype: whole.dtype, key, length };
    views.set(key, { storage, whole, offset: start });
    return storage;
  }
  if (known.whole === whole && known.offset === start && known.storage.length === length) return known.storage;
  throw new PickleError("Storage", `expected view ${JSON.stringify(key)} to be the same again, got another`, offset);
}

function isKey(key: PickleValue | undefined): key is string {
  return typeof key === "string" && key.length <= maxKey;
}

function inWords({ dtype, length, foreign }: PickleStorage): string {
  return foreign ? `${foreign.type} of ${foreign.length}` : `${dtype} of ${length}`;
}
