// The two containers of torch.save (torch: torch/serialization.py): a zip archive with one record a storage, and before
// torch 1.6 five pickles with the raw storages behind them.
import { PickleError } from "./error.ts";
import { latin1 } from "./latin1.ts";
import { runPickle } from "./machine.ts";
import type { PickleContext } from "./machine.ts";
import { dtypeBits } from "../safetensors/dtypes.ts";
import { describe, isKind } from "./value.ts";
import type { PickleStorage, PickleValue } from "./value.ts";
import { readZip } from "./zip.ts";

export type Contents = {
  readonly root: PickleValue;
  /** The bytes of every storage that the root names, each as long as its element count says. */
  readonly storages: ReadonlyMap<PickleStorage, Uint8Array>;
};

export function readZipContainer(bytes: Uint8Array, context: PickleContext): Contents {
  const records = readZip(bytes, context.limits);
  const pickles = [...records.keys()].filter((name) => name.endsWith("/data.pkl") && name.split("/").length === 2);
  if (pickles.length !== 1) {
    throw new PickleError("Format", `expected one record */data.pkl in the archive, got ${pickles.length}`);
  }
  const [pickle] = pickles as [string];
  const prefix = pickle.slice(0, -"data.pkl".length);
  if (records.has(`${prefix}constants.pkl`)) {
    throw new PickleError("Format", "expected a file of torch.save, got a TorchScript archive (constants.pkl)");
  }
  const order = records.get(`${prefix}byteorder`);
  if (order !== undefined) checkByteOrder(latin1(order.data.subarray(0, 16)));
  const { data, dataStart } = records.get(pickle)!;
  const { value: root, end } = runPickle(context, data, 0, dataStart);
  if (end !== data.length)
    throw new PickleError("Format", "expected the end of data.pkl after STOP, got more", dataStart + end);
  const storages = new Map<PickleStorage, Uint8Array>();
  for (const storage of context.storages.values()) {
    const record = records.get(`${prefix}data/${storage.key}`);
    if (record === undefined)
      throw new PickleError("Storage", `expected a record ${prefix}data/${storage.key}, got none`);
    const size = storageBytes(storage);
    if (record.data.length !== size) {
      throw new PickleError(
        "Storage",
        `expected ${record.name} to be ${storage.length} of ${storage.dtype} in ${size} bytes, got ${record.data.length}`,
        record.dataStart,
      );
    }
    storages.set(storage, record.data);
  }
  return { root, storages };
}

const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;

export function readLegacyContainer(bytes: Uint8Array, context: PickleContext): Contents {
  let at = 0;
  const next = (): PickleValue => {
    const { value, end } = runPickle(context, bytes, at, 0);
    at = end;
    return value;
  };
  if (next() !== legacyMagic) throw new PickleError("Format", "expected torch's magic number, got another", 0);
  const protocol = next();
  if (protocol !== legacyProtocol) {
    const got = typeof protocol === "number" ? protocol : describe(protocol);
    throw new PickleError("Format", `expected protocol ${legacyProtocol} of torch's old container, got ${got}`);
  }
  const system = next();
  if (!isKind(system, "dict"))
    throw new PickleError("Format", `expected a dict of the system, got ${describe(system)}`);
  checkByteOrder(system.entries.get("little_endian") === true ? "little" : "big");
  const root = next();
  const keys = next();
  if (!isKind(keys, "list")) throw new PickleError("Format", `expected a list of storage keys, got ${describe(keys)}`);
  return { root, storages: readLegacyStorages(bytes, at, keys.items, context) };
}

/** One after another: the element count in eight bytes, then the elements. Together they end with the file. */
function readLegacyStorages(
  bytes: Uint8Array,
  start: number,
  keys: ReadonlyArray<PickleValue>,
  context: PickleContext,
): ReadonlyMap<PickleStorage, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const storages = new Map<PickleStorage, Uint8Array>();
  let at = start;
  for (const key of keys) {
    const storage = typeof key === "string" ? context.storages.get(key) : undefined;
    if (storage === undefined || storages.has(storage)) {
      throw new PickleError(
        "Storage",
        `expected each storage of the tree once, got ${typeof key === "string" ? JSON.stringify(key.slice(0, 200)) : describe(key)}`,
        at,
      );
    }
    const size = storageBytes(storage);
    if (at + 8 + size > bytes.length) {
      throw new PickleError(
        "Truncated",
        `expected ${8 + size} bytes of storage ${storage.key}, got ${bytes.length - at}`,
        at,
      );
    }
    const length = view.getBigInt64(at, true);
    if (length !== BigInt(storage.length)) {
      throw new PickleError(
        "Storage",
        `expected storage ${storage.key} of ${storage.length} elements, got ${length}`,
        at,
      );
    }
    storages.set(storage, bytes.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  if (storages.size !== context.storages.size) {
    throw new PickleError("Storage", `expected ${context.storages.size} storages, got ${storages.size}`, at);
  }
  if (at !== bytes.length)
    throw new PickleError("Format", "expected the end of the file after its storages, got more", at);
  return storages;
}

function storageBytes(storage: PickleStorage): number {
  const size = storage.length * (dtypeBits(storage.dtype) / 8);
  if (!Number.isSafeInteger(size)) {
    throw new PickleError("Storage", `expected a size below 2^53, got ${storage.length} of ${storage.dtype}`);
  }
  return size;
}

function checkByteOrder(order: string): void {
  if (order.trim() === "little") return;
  throw new PickleError("ByteOrder", `expected a little-endian file, got byte order ${JSON.stringify(order)}`);
}
