// Stored zip archives (PKWARE APPNOTE, zip64 included), as torch.save writes them: no compression, so a record is a view.
// The directory is checked against the records' own headers, records may not overlap, and every checksum is verified.
import { crc32 } from "./crc32.ts";
import { PickleError } from "./error.ts";
import { latin1 } from "./latin1.ts";
import type { PickleLimits } from "./limits.ts";

export type ZipRecord = { readonly name: string; readonly data: Uint8Array; readonly dataStart: number };

type Entry = {
  readonly name: string;
  readonly crc: number;
  readonly size: number;
  readonly headerStart: number;
  readonly method: number;
};
type Directory = { readonly start: number; readonly size: number; readonly count: number };

const endLength = 22;
const full32 = 0xffffffff;
const full16 = 0xffff;

/** Where the end-of-directory record lies, or -1: the archive was cut off. */
export function findZipEnd(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  const last = bytes.length - endLength;
  for (let at = last; at >= Math.max(0, last - full16); at--) {
    if (view.getUint32(at, true) === 0x06054b50 && at + endLength + view.getUint16(at + 20, true) === bytes.length) {
      return at;
    }
  }
  return -1;
}

/** All records by name. */
export function readZip(bytes: Uint8Array, limits: PickleLimits): ReadonlyMap<string, ZipRecord> {
  const directory = readDirectory(bytes);
  const records = new Map<string, ZipRecord>();
  let free = 0;
  const entries = readEntries(bytes, directory, limits).sort((a, b) => a.headerStart - b.headerStart);
  for (const entry of entries) {
    if (entry.headerStart < free)
      throw archive(`expected records apart, got ${entry.name} in another`, entry.headerStart);
    if (records.has(entry.name)) throw archive(`expected one record ${entry.name}, got two`, entry.headerStart);
    const record = readRecord(bytes, entry, directory.start);
    free = record.dataStart + entry.size;
    records.set(entry.name, record);
  }
  return records;
}

function readDirectory(bytes: Uint8Array): Directory {
  const view = viewOf(bytes);
  const end = findZipEnd(bytes);
  if (end < 0) throw new PickleError("Truncated", "expected a zip archive's directory, got the end of the file");
  const disks = view.getUint32(end + 4, true);
  let count = view.getUint16(end + 10, true);
  let size = view.getUint32(end + 12, true);
  let start = view.getUint32(end + 16, true);
  let limit = end;
  if (count === full16 || size === full32 || start === full32) {
    if (end < 20 || view.getUint32(end - 20, true) !== 0x07064b50)
      throw archive("expected a zip64 locator, got none", end);
    limit = readNumber64(view, end - 12);
    if (limit > end - 20 - 56 || view.getUint32(limit, true) !== 0x06064b50) {
      throw archive("expected a zip64 end record, got none", end - 20);
    }
    count = readNumber64(view, limit + 32);
    size = readNumber64(view, limit + 40);
    start = readNumber64(view, limit + 48);
  } else if (disks !== 0 || view.getUint16(end + 8, true) !== count) {
    throw archive("expected one archive, got a part of several", end);
  }
  if (start + size > limit)
    throw archive(`expected a directory of ${size} bytes before byte ${limit}, got less`, start);
  return { start, size, count };
}

function readEntries(bytes: Uint8Array, { start, size, count }: Directory, limits: PickleLimits): Entry[] {
  if (count > limits.maxRecords)
    throw new PickleError("Limit", `expected at most ${limits.maxRecords} records, got ${count}`);
  const end = start + size;
  const entries: Entry[] = [];
  let at = start;
  while (at < end) {
    const { entry, next } = readEntry(bytes, at, end);
    entries.push(entry);
    if (entries.length > count) break;
    at = next;
  }
  if (entries.length !== count) throw archive(`expected ${count} records in the directory, got another number`, start);
  return entries;
}

function readEntry(bytes: Uint8Array, at: number, end: number): { readonly entry: Entry; readonly next: number } {
  const view = viewOf(bytes);
  if (end - at < 46 || view.getUint32(at, true) !== 0x02014b50)
    throw archive("expected a directory entry, got none", at);
  const extraStart = at + 46 + view.getUint16(at + 28, true);
  const extraEnd = extraStart + view.getUint16(at + 30, true);
  const next = extraEnd + view.getUint16(at + 32, true);
  if (next > end) throw archive("expected a whole directory entry, got a part", at);
  const name = readName(bytes, at + 46, extraStart);
  if ((view.getUint16(at + 8, true) & 1) !== 0)
    throw archive(`expected no encryption, got record ${name} encrypted`, at);
  const method = view.getUint16(at + 10, true);
  if (method !== 0) {
    throw archive(
      `expected stored records, got ${name} compressed (${method === 8 ? "deflate" : `method ${method}`})`,
      at,
    );
  }
  const sizes = {
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    headerStart: view.getUint32(at + 42, true),
  };
  const wide = widen(view, sizes, extraStart, extraEnd);
  if (wide.packed !== wide.size) throw archive(`expected ${name} stored in ${wide.size} bytes, got ${wide.packed}`, at);
  const entry = { name, method, crc: view.getUint32(at + 16, true), size: wide.size, headerStart: wide.headerStart };
  return { entry, next };
}

type Sizes = { readonly packed: number; readonly size: number; readonly headerStart: number };

/** Sizes that do not fit 32 bits lie in an extra field, in a fixed order. */
function widen(view: DataView, sizes: Sizes, start: number, end: number): Sizes {
  if (sizes.packed !== full32 && sizes.size !== full32 && sizes.headerStart !== full32) return sizes;
  for (let at = start; at + 4 <= end;) {
    const fieldEnd = at + 4 + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1 && fieldEnd <= end) {
      let next = at + 4;
      const wide = (value: number): number => {
        if (value !== full32) return value;
        if (next + 8 > fieldEnd) throw archive("expected zip64 sizes, got too few", at);
        next += 8;
        return readNumber64(view, next - 8);
      };
      const size = wide(sizes.size);
      const packed = wide(sizes.packed);
      return { size, packed, headerStart: wide(sizes.headerStart) };
    }
    at = fieldEnd;
  }
  throw archive("expected zip64 sizes, got none", start);
}

function readRecord(bytes: Uint8Array, entry: Entry, limit: number): ZipRecord {
  const view = viewOf(bytes);
  const { name, headerStart: at, size } = entry;
  if (at + 30 > limit || view.getUint32(at, true) !== 0x04034b50)
    throw archive(`expected the header of ${name}, got none`, at);
  const nameEnd = at + 30 + view.getUint16(at + 26, true);
  const dataStart = nameEnd + view.getUint16(at + 28, true);
  if (dataStart + size > limit) throw archive(`expected ${size} bytes of ${name}, got the directory`, dataStart);
  if (readName(bytes, at + 30, nameEnd) !== name)
    throw archive(`expected the header to say ${name}, got another name`, at);
  if (view.getUint16(at + 8, true) !== entry.method) throw archive(`expected ${name} stored, got it compressed`, at);
  const data = bytes.subarray(dataStart, dataStart + size);
  const crc = crc32(data);
  if (crc !== entry.crc) {
    throw new PickleError("Checksum", `expected ${name} to have CRC-32 ${hex(entry.crc)}, got ${hex(crc)}`, dataStart);
  }
  return { name, data, dataStart };
}

function readName(bytes: Uint8Array, start: number, end: number): string {
  return latin1(bytes.subarray(start, end));
}

/** A 64-bit size; one that no file can have is refused. */
function readNumber64(view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) throw archive(`expected a size, got ${value}`, at);
  return value;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}

function archive(message: string, offset: number): PickleError {
  return new PickleError("Archive", message, offset);
}
