// The two containers of torch.save (torch: torch/serialization.py): a zip archive with one record a storage, and before
// torch 1.6 five pickles with the raw storages behind them. Storages are only located here.
import { PickleError } from "./error.ts";
import { latin1 } from "./latin1.ts";
import { checkHeld } from "./limits.ts";
import { runPickle } from "./machine.ts";
import type { PickleContext } from "./machine.ts";
import { storageBytes } from "./materialize.ts";
import { describe, isKind } from "./value.ts";
import type { PickleStorage, PickleValue } from "./value.ts";
import { readRecordData, readZip, requireStored } from "./zip.ts";
import type { ContainerInput, ZipRecord } from "./zip.ts";
import type { RangeReader } from "../files/ranges.ts";

/** Where the bytes of a storage lie; in an archive with the record that holds them, whose checksum may be unverified. */
export type StoragePlace = { readonly start: number; readonly end: number; readonly record?: ZipRecord };

export type Contents = {
  readonly root: PickleValue;
  /** Every storage that the root names, each as long as its element count says. */
  readonly storages: ReadonlyMap<PickleStorage, StoragePlace>;
  /** Elements of more than a byte lie there with their highest byte first. */
  readonly bigEndian: boolean;
  readonly steps: number;
};

export function* readZipContainer(input: ContainerInput): RangeReader<Contents> {
  const records = yield* readZip(input);
  const pickles = [...records.keys()].filter((name) => name.endsWith("/data.pkl") && name.split("/").length === 2);
  if (pickles.length !== 1) {
    throw new PickleError("Format", `expected one record */data.pkl in the archive, got ${pickles.length}`);
  }
  const [pickle] = pickles as [string];
  const prefix = pickle.slice(0, -"data.pkl".length);
  if (records.has(`${prefix}constants.pkl`)) {
    const message = "expected a file of torch.save, got a TorchScript archive (constants.pkl)";
    const way = '; save its weights: torch.save(dict(torch.jit.load(path).state_dict()), "weights.pth")';
    throw new PickleError("Unsupported", message, undefined, way);
  }
  const bigEndian = yield* isBigEndian(records.get(`${prefix}byteorder`), input);
  const record = records.get(pickle)!;
  if (!input.whole) checkHeld(input.limits, pickle, record.size, record.dataStart);
  const context = createContext(input);
  const data = yield* readRecordData(record);
  const { value: root, end } = runPickle(context, data, 0, record.dataStart);
  if (end !== data.length)
    throw new PickleError("Archive", "expected the end of data.pkl after STOP, got more", record.dataStart + end);
  const storages = new Map<PickleStorage, StoragePlace>();
  for (const storage of context.storages.values()) {
    storages.set(storage, placeOf(storage, `${prefix}data/${storage.key}`, records));
  }
  if (context.views.size > 0) {
    throw new PickleError("Unsupported", "expected whole storages in an archive, got a view of one");
  }
  return { root, storages, bigEndian, steps: context.budget.used };
}

/** Archives from before there was such a record are little-endian. */
function* isBigEndian(order: ZipRecord | undefined, { limits, whole }: ContainerInput): RangeReader<boolean> {
  if (order === undefined) return false;
  if (!whole) checkHeld(limits, order.name, order.size, order.dataStart);
  const text = latin1((yield* readRecordData(order)).subarray(0, 16)).trim();
  if (text === "little" || text === "big") return text === "big";
  throw new PickleError("Unsupported", `expected byte order little or big, got ${JSON.stringify(text)}`);
}

function placeOf(storage: PickleStorage, name: string, records: ReadonlyMap<string, ZipRecord>): StoragePlace {
  const record = records.get(name);
  if (record === undefined) throw new PickleError("Storage", `expected a record ${name}, got none`);
  requireStored(record);
  const size = storageBytes(storage);
  if (record.size !== size) {
    throw new PickleError(
      "Storage",
      `expected ${name} to be ${storage.length} of ${storage.dtype} in ${size} bytes, got ${record.size}`,
      record.dataStart,
    );
  }
  return { start: record.dataStart, end: record.dataStart + size, record };
}

const defaultPrefix = 1 << 20;

/** The five pickles come first and say nowhere how long they are, so that a source is read in growing prefixes. */
export function* readLegacyContainer(input: ContainerInput): RangeReader<Contents> {
  let length = input.whole ? input.size : Math.min(input.size, input.firstPrefix ?? defaultPrefix);
  for (;;) {
    if (!input.whole) checkHeld(input.limits, "pickles", length, 0);
    const context = createContext(input);
    const pickles = tryPickles(yield { start: 0, end: length }, context, length < input.size);
    if (pickles !== undefined) {
      const storages = yield* locateStorages(input.size, pickles, context);
      // Its elements are little-endian on all machines, whatever the writer's own order was.
      return { root: pickles.root, storages, bigEndian: false, steps: context.budget.used };
    }
    length = Math.min(input.size, 2 * length);
  }
}

type Pickles = { readonly root: PickleValue; readonly keys: ReadonlyArray<PickleValue>; readonly end: number };

/** Undefined where more bytes may help. */
function tryPickles(bytes: Uint8Array, context: PickleContext, more: boolean): Pickles | undefined {
  try {
    return readPickles(bytes, context);
  } catch (error) {
    if (more && error instanceof PickleError && error.code === "Truncated") return undefined;
    throw error;
  }
}

const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;

/** Magic number, protocol, facts of the writer's machine, the tree, and the keys of its storages. */
function readPickles(bytes: Uint8Array, context: PickleContext): Pickles {
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
  const root = next();
  const keys = next();
  if (!isKind(keys, "list")) throw new PickleError("Format", `expected a list of storage keys, got ${describe(keys)}`);
  return { root, keys: keys.items, end: at };
}

/** One after another: the element count in eight bytes, then the elements. Together they end with the file. */
function* locateStorages(
  fileSize: number,
  { keys, end }: Pickles,
  context: PickleContext,
): RangeReader<ReadonlyMap<PickleStorage, StoragePlace>> {
  const storages = new Map<PickleStorage, StoragePlace>();
  let at = end;
  for (const key of keys) {
    const storage = typeof key === "string" ? context.storages.get(key) : undefined;
    if (storage === undefined || storages.has(storage)) {
      throw new PickleError(
        "Storage",
        `expected each storage of the tree once, got ${typeof key === "string" ? JSON.stringify(key.slice(0, 200)) : describe(key)}`,
        at,
      );
    }
    const next = at + 8 + storageBytes(storage);
    if (next > fileSize) {
      throw new PickleError(
        "Truncated",
        `expected ${next - at} bytes of storage ${storage.key}, got ${fileSize - at}`,
        at,
      );
    }
    const count = yield { start: at, end: at + 8 };
    const length = new DataView(count.buffer, count.byteOffset, 8).getBigInt64(0, true);
    const expected = storage.foreign?.length ?? storage.length;
    if (length !== BigInt(expected)) {
      throw new PickleError("Storage", `expected storage ${storage.key} of ${expected} elements, got ${length}`, at);
    }
    storages.set(storage, { start: at + 8, end: next });
    at = next;
  }
  if (storages.size !== context.storages.size) {
    throw new PickleError("Storage", `expected ${context.storages.size} storages, got ${storages.size}`, at);
  }
  if (at !== fileSize) {
    throw new PickleError(
      "Unsupported",
      "expected one object and the end of the file after its storages, got more",
      at,
    );
  }
  for (const { storage, whole, offset } of context.views.values()) {
    const start = storages.get(whole)!.start + storageBytes({ ...whole, length: offset });
    storages.set(storage, { start, end: start + storageBytes(storage) });
  }
  return storages;
}

function createContext({ limits }: ContainerInput): PickleContext {
  return { limits, budget: { used: 0, limit: limits.maxSteps }, storages: new Map(), views: new Map() };
}
