// Parts of the storages of a PyTorch checkpoint. Many tensors may lie on one storage (a flattened optimizer, tied or
// sliced weights), and an archive has one checksum a storage, not one a tensor: both ask for whole storages, once.
import type { Range } from "./ranges.ts";
import type { FileSource } from "./source.ts";
import type { StoragePlace } from "../pickle/containers.ts";
import { crc32 } from "../pickle/crc32.ts";
import { checkRecord } from "../pickle/zip.ts";

export type StorageReader = (place: StoragePlace, part: Range) => Promise<Uint8Array>;

/** A storage up to this size is held when a part of it is read, until a part of another one is. */
const maxHeldStorage = 64 << 20;
const chunkBytes = 8 << 20;

/**
 * Reads a part of a storage, and the first time all of it to verify its checksum. Holds one storage of at most 64 MiB;
 * parts of larger ones are read on their own.
 */
export function createStorageReader(source: FileSource): StorageReader {
  const verified = new Set<StoragePlace>();
  const checking = new Map<StoragePlace, Promise<void>>();
  let held: { readonly place: StoragePlace; readonly bytes: Promise<Uint8Array> } | undefined;

  const check = (place: StoragePlace): Promise<void> => {
    if (place.record === undefined || verified.has(place)) return Promise.resolve();
    const running = checking.get(place) ?? streamChecksum(source, place).finally(() => checking.delete(place));
    checking.set(place, running);
    return running.then(() => void verified.add(place));
  };
  const readAll = async (place: StoragePlace): Promise<Uint8Array> => {
    const bytes = await source.read(place.start, place.end);
    if (place.record !== undefined && !verified.has(place)) checkRecord(place.record, crc32(bytes));
    verified.add(place);
    return bytes;
  };
  const hold = (place: StoragePlace): Promise<Uint8Array> => {
    if (held?.place === place) return held.bytes;
    const bytes = readAll(place);
    held = { place, bytes };
    // What failed is not kept: the next read tries again.
    bytes.catch(() => {
      if (held?.bytes === bytes) held = undefined;
    });
    return bytes;
  };

  return async (place, { start, end }) => {
    const size = place.end - place.start;
    if (start === end) return new Uint8Array(0);
    if (end - start === size) return readAll(place);
    if (size <= maxHeldStorage) return (await hold(place)).slice(start, end);
    await check(place);
    return source.read(place.start + start, place.start + end);
  };
}

async function streamChecksum(source: FileSource, { start, end, record }: StoragePlace): Promise<void> {
  let crc = 0;
  for (let at = start; at < end; at += chunkBytes) {
    crc = crc32(await source.read(at, Math.min(end, at + chunkBytes)), crc);
  }
  if (record !== undefined) checkRecord(record, crc);
}
