// Stored zip archives taken apart and put together again, independently of the reader: checksums by zlib, places by the
// directory alone. (PKWARE APPNOTE)
import { crc32 } from "node:zlib";
import { concat, little } from "./bytes.ts";

export type ArchiveRecord = {
  readonly name: string;
  readonly data: Uint8Array;
  readonly start: number;
  /** Whether its checksum holds, its own header names it, and it lies in no other record. */
  readonly sound: boolean;
};
/** A number in an archive's structure: where it lies and how long it is. */
export type Field = { readonly at: number; readonly size: number };

/** The records in the order of the directory; undefined where there is no such structure. */
export function takeApart(bytes: Uint8Array): ArchiveRecord[] | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = findEnd(buffer);
  if (end < 0) return undefined;
  const [size, start] = [buffer.readUInt32LE(end + 12), buffer.readUInt32LE(end + 16)];
  const wide = buffer.readUInt16LE(end + 10) === 0xffff || size === 0xffffffff || start === 0xffffffff;
  try {
    const at64 = wide ? Number(buffer.readBigUInt64LE(end - 12)) : 0;
    const count = wide ? Number(buffer.readBigUInt64LE(at64 + 32)) : buffer.readUInt16LE(end + 10);
    let at = wide ? Number(buffer.readBigUInt64LE(at64 + 48)) : start;
    const records: ArchiveRecord[] = [];
    for (let i = 0; i < count && i < 1000; i++) {
      records.push(recordOf(buffer, at));
      at += 46 + buffer.readUInt16LE(at + 28) + buffer.readUInt16LE(at + 30) + buffer.readUInt16LE(at + 32);
    }
    return records.map((record) => ({ ...record, sound: record.sound && isApart(record, records) }));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function isApart(record: ArchiveRecord, records: ReadonlyArray<ArchiveRecord>): boolean {
  const headerStart = record.start - 30 - record.name.length;
  return !records.some(({ start, data }) => start <= headerStart && headerStart < start + data.length);
}

function findEnd(buffer: Buffer): number {
  let end = buffer.lastIndexOf("PK\x05\x06", undefined, "latin1");
  while (end > 0 && !(end + 22 <= buffer.length && end + 22 + buffer.readUInt16LE(end + 20) === buffer.length)) {
    end = buffer.lastIndexOf("PK\x05\x06", end - 1, "latin1");
  }
  return end;
}

function recordOf(buffer: Buffer, at: number): ArchiveRecord {
  const nameEnd = at + 46 + buffer.readUInt16LE(at + 28);
  const extra = buffer.subarray(nameEnd, nameEnd + buffer.readUInt16LE(at + 30));
  let size = buffer.readUInt32LE(at + 24);
  let header = buffer.readUInt32LE(at + 42);
  let next = 4;
  if (size === 0xffffffff) {
    size = Number(extra.readBigUInt64LE(next));
    next += 8;
  }
  if (buffer.readUInt32LE(at + 20) === 0xffffffff) next += 8;
  if (header === 0xffffffff) header = Number(extra.readBigUInt64LE(next));
  const start = header + 30 + buffer.readUInt16LE(header + 26) + buffer.readUInt16LE(header + 28);
  const data = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length).subarray(start, start + size);
  const name = buffer.toString("latin1", at + 46, nameEnd);
  const own = buffer.toString("latin1", header + 30, header + 30 + buffer.readUInt16LE(header + 26));
  const sound = data.length === size && crc32(data) === buffer.readUInt32LE(at + 16) && own === name;
  return { name, data, start, sound };
}

export type NewRecord = { readonly name: string; readonly data: Uint8Array };

/** A stored archive, checksums right; with `wide` every size lies in zip64 fields. */
export function putTogether(records: ReadonlyArray<NewRecord>, wide: boolean): Uint8Array {
  const parts: Uint8Array[] = [];
  const entries: Uint8Array[] = [];
  let at = 0;
  for (const record of records) {
    const { local, entry } = recordParts(record, at, wide);
    parts.push(local);
    entries.push(entry);
    at += local.length;
  }
  return finish(parts, entries, wide);
}

/** The same with the record `inner` lying in the data of the record `outer`, where each alone would be sound. */
export function putNested(records: ReadonlyArray<NewRecord>, outer: NewRecord, inner: NewRecord): Uint8Array {
  const hidden = recordParts(inner, 0, false).local;
  const parts: Uint8Array[] = [];
  const entries: Uint8Array[] = [];
  let at = 0;
  for (const record of records.filter((other) => other !== inner)) {
    const { local, entry } = recordParts(record === outer ? { ...outer, data: hidden } : record, at, false);
    parts.push(local);
    entries.push(entry);
    at += local.length;
    if (record === outer) entries.push(recordParts(inner, at - hidden.length, false).entry);
  }
  return finish(parts, entries, false);
}

function recordParts({ name, data }: NewRecord, at: number, wide: boolean): { local: Uint8Array; entry: Uint8Array } {
  const text = new Uint8Array(Buffer.from(name, "latin1"));
  const size = small(data.length, wide);
  const shared = concat(new Uint8Array(8), little(crc32(data), 4), size, size, little(text.length, 2));
  const sizes = concat(little(1, 2), little(24, 2), little(data.length, 8), little(data.length, 8), little(at, 8));
  const extra = wide ? sizes : new Uint8Array(0);
  const rest = concat(little(extra.length, 2), new Uint8Array(10), small(at, wide), text, extra);
  return {
    local: concat(signature(0x04034b50), little(45, 2), shared, little(0, 2), text, data),
    entry: concat(signature(0x02014b50), little(45, 2), little(45, 2), shared, rest),
  };
}

function finish(parts: ReadonlyArray<Uint8Array>, entries: ReadonlyArray<Uint8Array>, wide: boolean): Uint8Array {
  const body = concat(...parts);
  const directory = concat(...entries);
  const count = little(entries.length, 8);
  const where = concat(little(directory.length, 8), little(body.length, 8));
  const end64 = concat(signature(0x06064b50), little(44, 8), little(0, 12), count, count, where);
  const end64At = little(body.length + directory.length, 8);
  const locator = concat(signature(0x07064b50), little(0, 4), end64At, little(1, 4));
  const counts = wide ? little(0xffffffff, 4) : concat(count.subarray(0, 2), count.subarray(0, 2));
  const sizes = concat(small(directory.length, wide), small(body.length, wide));
  const end = concat(signature(0x06054b50), little(0, 4), counts, sizes, little(0, 2));
  return concat(body, directory, ...(wide ? [end64, locator] : []), end);
}

const small = (value: number, wide: boolean): Uint8Array => little(wide ? 0xffffffff : value, 4);
const signature = (value: number): Uint8Array => little(value, 4);

/** Every number of the local headers, the directory and the end records. */
export function fieldsOf(bytes: Uint8Array): Field[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const layouts: Readonly<Record<number, ReadonlyArray<readonly [number, number]>>> = {
    0x04034b50: [
      [0, 4],
      [4, 2],
      [6, 2],
      [8, 2],
      [14, 4],
      [18, 4],
      [22, 4],
      [26, 2],
      [28, 2],
    ],
    0x02014b50: [
      [0, 4],
      [8, 2],
      [10, 2],
      [16, 4],
      [20, 4],
      [24, 4],
      [28, 2],
      [30, 2],
      [32, 2],
      [34, 2],
      [42, 4],
    ],
    0x06054b50: [
      [0, 4],
      [4, 2],
      [6, 2],
      [8, 2],
      [10, 2],
      [12, 4],
      [16, 4],
      [20, 2],
    ],
    0x06064b50: [
      [0, 4],
      [4, 8],
      [24, 8],
      [32, 8],
      [40, 8],
      [48, 8],
    ],
    0x07064b50: [
      [0, 4],
      [8, 8],
      [16, 4],
    ],
  };
  const fields: Field[] = [];
  for (let at = 0; at + 4 <= buffer.length; at++) {
    for (const [offset, size] of layouts[buffer.readUInt32LE(at)] ?? []) {
      if (at + offset + size <= buffer.length) fields.push({ at: at + offset, size });
    }
  }
  return fields;
}
