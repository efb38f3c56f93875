// Stored zip archives (PKWARE APPNOTE, zip64 and data descriptors included), as torch.save writes them: no compression, so a
// record is a view; a compressed one is refused when it is needed. The directory is checked against the records' own headers,
// records may not overlap, and every checksum is verified: at once in a file in memory, in a source when the record is read.
import { crc32 } from "./crc32.ts";
import { PickleError } from "./error.ts";
import { latin1 } from "./latin1.ts";
import { checkHeld } from "./limits.ts";
import type { PickleLimits } from "./limits.ts";
import type { RangeReader } from "../files/ranges.ts";

export type ZipRecord = {
  readonly name: string;
  readonly dataStart: number;
  /** Bytes in the file. */
  readonly size: number;
  /** Undefined in an archive that was written without checksums. */
  readonly crc: number | undefined;
  /** 0 for stored. */
  readonly method: number;
};

/** `whole`: the file lies in memory, so that its records are checked at once and its parts may have any size. */
export type ContainerInput = {
  readonly size: number;
  readonly limits: PickleLimits;
  readonly whole: boolean;
  /** Bytes of the first try at the old container's pickles; 1 MiB unless a test asks for other steps. */
  readonly firstPrefix?: number;
};

type Entry = {
  readonly name: string;
  readonly crc: number;
  readonly size: number;
  readonly headerStart: number;
  readonly method: number;
};
type Directory = { readonly start: number; readonly size: number; readonly count: number };

const endLength = 22;
const endSignature = 0x06054b50;
const full32 = 0xffffffff;
const full16 = 0xffff;

/** Where the end-of-directory record lies, or -1: the archive was cut off. */
export function* findZipEnd(size: number): RangeReader<number> {
  return (yield* readTail(size))?.at ?? -1;
}

type Tail = { readonly at: number; readonly view: DataView };

/** The end-of-directory record: its place and its fixed part. */
function* readTail(size: number): RangeReader<Tail | undefined> {
  const start = Math.max(0, size - endLength - full16);
  const view = viewOf(yield { start, end: size });
  for (let at = view.byteLength - endLength; at >= 0; at--) {
    if (view.getUint32(at, true) !== endSignature) continue;
    if (at + endLength + view.getUint16(at + 20, true) !== view.byteLength) continue;
    return { at: start + at, view: new DataView(view.buffer, view.byteOffset + at, endLength) };
  }
  return undefined;
}

/** All records by name. */
export function* readZip(input: ContainerInput): RangeReader<ReadonlyMap<string, ZipRecord>> {
  const directory = yield* readDirectory(input.size);
  const records = new Map<string, ZipRecord>();
  let free = 0;
  const entries = (yield* readEntries(directory, input)).sort((a, b) => a.headerStart - b.headerStart);
  // torch.serialization.set_crc32_options(False) leaves zeros in their places.
  const summed = entries.some(({ crc }) => crc !== 0);
  for (const entry of entries) {
    if (entry.headerStart < free)
      throw archive(`expected records apart, got ${entry.name} in another`, entry.headerStart);
    if (records.has(entry.name)) throw archive(`expected one record ${entry.name}, got two`, entry.headerStart);
    const record = yield* readRecord(entry, directory.start, summed);
    if (input.whole && record.method === 0) yield* readRecordData(record);
    free = record.dataStart + entry.size;
    records.set(entry.name, record);
  }
  return records;
}

/** A record's bytes, its checksum verified. */
export function* readRecordData(record: ZipRecord): RangeReader<Uint8Array> {
  requireStored(record);
  const data = yield { start: record.dataStart, end: record.dataStart + record.size };
  checkRecord(record, crc32(data));
  return data;
}

export function requireStored({ name, method, dataStart }: ZipRecord): void {
  if (method === 0) return;
  const how = method === 8 ? "deflate" : `method ${method}`;
  throw new PickleError("Unsupported", `expected stored records, got ${name} compressed (${how})`, dataStart);
}

export function checkRecord({ name, crc, dataStart }: ZipRecord, found: number): void {
  if (crc === undefined || found === crc) return;
  throw new PickleError("Checksum", `expected ${name} to have CRC-32 ${hex(crc)}, got ${hex(found)}`, dataStart);
}

function* readDirectory(fileSize: number): RangeReader<Directory> {
  const tail = yield* readTail(fileSize);
  if (tail === undefined)
    throw new PickleError("Truncated", "expected a zip archive's directory, got the end of the file");
  const { at: end, view } = tail;
  const count = view.getUint16(10, true);
  const size = view.getUint32(12, true);
  const start = view.getUint32(16, true);
  const wide = count === full16 || size === full32 || start === full32;
  if (!wide && (view.getUint32(4, true) !== 0 || view.getUint16(8, true) !== count)) {
    throw archive("expected one archive, got a part of several", end);
  }
  const { limit, ...directory } = wide ? yield* readWideEnd(end) : { limit: end, start, size, count };
  const told = [
    [count, full16, directory.count],
    [size, full32, directory.size],
    [start, full32, directory.start],
  ];
  // A number that fits the old record stands in both.
  if (told.some(([short, full, long]) => short !== full && short !== long))
    throw archive("expected both end records to agree, got different numbers", end);
  if (directory.start + directory.size > limit)
    throw archive(`expected a directory of ${directory.size} bytes before byte ${limit}, got less`, directory.start);
  return directory;
}

/** The end of a zip64 archive: a locator before the old end record, and the record with 64-bit sizes it points at. */
function* readWideEnd(end: number): RangeReader<Directory & { readonly limit: number }> {
  const locator = end < 20 ? undefined : viewOf(yield { start: end - 20, end });
  if (locator?.getUint32(0, true) !== 0x07064b50) throw archive("expected a zip64 locator, got none", end);
  const limit = readNumber64(locator, 8);
  const view = limit > end - 20 - 56 ? undefined : viewOf(yield { start: limit, end: limit + 56 });
  if (view?.getUint32(0, true) !== 0x06064b50) throw archive("expected a zip64 end record, got none", end - 20);
  const count = readNumber64(view, 32);
  const size = readNumber64(view, 40);
  return { limit, start: readNumber64(view, 48), size, count };
}

function* readEntries({ start, size, count }: Directory, { limits, whole }: ContainerInput): RangeReader<Entry[]> {
  if (count > limits.maxRecords)
    throw new PickleError("Limit", `expected at most ${limits.maxRecords} records, got ${count}`);
  if (!whole) checkHeld(limits, "a directory", size, start);
  const bytes = yield { start, end: start + size };
  const entries: Entry[] = [];
  let at = 0;
  while (at < size) {
    const { entry, next } = readEntry(bytes, at, start);
    entries.push(entry);
    if (entries.length > count) break;
    at = next;
  }
  if (entries.length !== count) throw archive(`expected ${count} records in the directory, got another number`, start);
  return entries;
}

/** The entry at byte `at` of a directory that begins at byte `base` of the file. */
function readEntry(bytes: Uint8Array, at: number, base: number): { readonly entry: Entry; readonly next: number } {
  const view = viewOf(bytes);
  if (bytes.length - at < 46 || view.getUint32(at, true) !== 0x02014b50)
    throw archive("expected a directory entry, got none", base + at);
  const extraStart = at + 46 + view.getUint16(at + 28, true);
  const extraEnd = extraStart + view.getUint16(at + 30, true);
  const next = extraEnd + view.getUint16(at + 32, true);
  if (next > bytes.length) throw archive("expected a whole directory entry, got a part", base + at);
  const name = latin1(bytes.subarray(at + 46, extraStart));
  if ((view.getUint16(at + 8, true) & 1) !== 0)
    throw new PickleError("Unsupported", `expected no encryption, got record ${name} encrypted`, base + at);
  const method = view.getUint16(at + 10, true);
  const sizes = {
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    headerStart: view.getUint32(at + 42, true),
  };
  const wide = widen(view, sizes, { start: extraStart, end: extraEnd, base });
  if (method === 0 && wide.packed !== wide.size)
    throw archive(`expected ${name} stored in ${wide.size} bytes, got ${wide.packed}`, base + at);
  const entry = { name, method, crc: view.getUint32(at + 16, true), size: wide.packed, headerStart: wide.headerStart };
  return { entry, next };
}

type Sizes = { readonly packed: number; readonly size: number; readonly headerStart: number };
type Extra = { readonly start: number; readonly end: number; readonly base: number };

/** Sizes that do not fit 32 bits lie in an extra field, in a fixed order. */
function widen(view: DataView, sizes: Sizes, { start, end, base }: Extra): Sizes {
  if (sizes.packed !== full32 && sizes.size !== full32 && sizes.headerStart !== full32) return sizes;
  for (let at = start; at + 4 <= end;) {
    const fieldEnd = at + 4 + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1 && fieldEnd <= end) {
      let next = at + 4;
      const wide = (value: number): number => {
        if (value !== full32) return value;
        if (next + 8 > fieldEnd) throw archive("expected zip64 sizes, got too few", base + at);
        next += 8;
        return readNumber64(view, next - 8);
      };
      const size = wide(sizes.size);
      const packed = wide(sizes.packed);
      return { size, packed, headerStart: wide(sizes.headerStart) };
    }
    at = fieldEnd;
  }
  throw archive("expected zip64 sizes, got none", base + start);
}

function* readRecord(entry: Entry, limit: number, summed: boolean): RangeReader<ZipRecord> {
  const { name, headerStart: at, size } = entry;
  if (at + 30 > limit) throw archive(`expected the header of ${name}, got none`, at);
  const bytes = yield { start: at, end: Math.min(limit, at + 30 + name.length) };
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== 0x04034b50) throw archive(`expected the header of ${name}, got none`, at);
  const nameLength = view.getUint16(26, true);
  const dataStart = at + 30 + nameLength + view.getUint16(28, true);
  if (dataStart + size > limit) throw archive(`expected ${size} bytes of ${name}, got the directory`, dataStart);
  if (nameLength !== name.length || latin1(bytes.subarray(30)) !== name)
    throw archive(`expected the header to say ${name}, got another name`, at);
  const method = view.getUint16(8, true);
  if (method !== entry.method) throw archive(`expected ${name} by method ${entry.method}, got ${method}`, at);
  return { name, dataStart, size, crc: summed ? entry.crc : undefined, method };
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
