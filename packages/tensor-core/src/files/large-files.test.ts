// Files of more than 2 and more than 4 GiB that nobody holds: real headers and directories, data computed on demand. Every
// tensor must come from exactly its offset, and nearly nothing else may be read.
import { describe, expect, it } from "vitest";
import { crc32 } from "../pickle/crc32.ts";
import { bytesSource, openTensors, sniffSource } from "./index.ts";
import type { FileSource } from "./index.ts";
import { checkedSource } from "./source.ts";

const GiB = 2 ** 30;
type Part = string | ReadonlyArray<number> | Uint8Array;
type Piece = { readonly start: number; readonly bytes: Uint8Array };

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const little = (value: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) % 256);
const join = (...parts: ReadonlyArray<Part>): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...(typeof part === "string" ? ascii(part) : part)]));

/** The byte at each place of the file that no piece covers; different at equal places of different GiB. */
const filler = (at: number): number => (at * 31 + Math.floor(at / 65_536) * 7 + Math.floor(at / GiB) * 101) % 256;
const fill = (start: number, end: number): Uint8Array =>
  Uint8Array.from({ length: end - start }, (_, i) => filler(start + i));

function virtualFile(size: number, pieces: ReadonlyArray<Piece>): { source: FileSource; read(): number } {
  let total = 0;
  const source = checkedSource("virtual", size, async (start, end) => {
    total += end - start;
    const bytes = fill(start, end);
    for (const piece of pieces) {
      const from = Math.max(start, piece.start);
      const to = Math.min(end, piece.start + piece.bytes.length);
      if (from < to) bytes.set(piece.bytes.subarray(from - piece.start, to - piece.start), from - start);
    }
    return bytes;
  });
  return { source, read: () => total };
}

const text = (value: string): Uint8Array => join("X", little(value.length, 4), value);
/** A number as torch writes it: four bytes where it fits, else LONG1. */
const int = (value: number): number[] =>
  value < 2 ** 31 ? [0x4a, ...little(value, 4)] : [0x8a, 8, ...little(value, 8)];
type Tensor = { key: string; length: number; offset: number; shape: number[]; strides: number[] };

function tensor({ key, length, offset, shape, strides }: Tensor): Uint8Array {
  const id = join("((", text("storage"), "ctorch\nByteStorage\n", text(key), text("cpu"), int(length), "tQ");
  const sizes = join("(", shape.flatMap(int), "t(", strides.flatMap(int), "t");
  return join("ctorch._utils\n_rebuild_tensor_v2\n", id, int(offset), sizes, "\x89NtR");
}
const stateDict = (tensors: Readonly<Record<string, Tensor>>): Uint8Array =>
  join("\x80\x02}(", ...Object.entries(tensors).flatMap(([name, value]) => [text(name), tensor(value)]), "u.");

type Entry = { readonly name: string; readonly size: number; readonly bytes?: Uint8Array };

/** A zip64 archive; records without bytes hold filler, with the checksum of what they will hold where they are small. */
function virtualZip(records: ReadonlyArray<Entry>): {
  source: FileSource;
  read(): number;
  starts: Map<string, number>;
} {
  const pieces: Piece[] = [];
  const starts = new Map<string, number>();
  let at = 0;
  let directory = new Uint8Array(0);
  for (const { name, size, bytes } of records) {
    const start = at + 30 + name.length;
    const crc = size > 1 << 24 ? 0 : crc32(bytes ?? fill(start, start + size));
    const shared = [...little(0, 2), ...little(0, 2), 0, 0, 0, 0, ...little(crc, 4)];
    const sizes = size < 2 ** 32 - 1 ? little(size, 4) : [255, 255, 255, 255];
    const offset = at < 2 ** 32 - 1 ? little(at, 4) : [255, 255, 255, 255];
    const wide = [
      ...(sizes[3] === 255 ? [...little(size, 8), ...little(size, 8)] : []),
      ...(offset[3] === 255 ? little(at, 8) : []),
    ];
    const extra = wide.length === 0 ? [] : [1, 0, ...little(wide.length, 2), ...wide];
    const header = join("PK\x03\x04", [45, 0], shared, sizes, sizes, little(name.length, 2), [0, 0], name);
    pieces.push({ start: at, bytes: bytes === undefined ? header : join(header, bytes) });
    const rest = [...little(name.length, 2), ...little(extra.length, 2), ...new Array<number>(10).fill(0), ...offset];
    directory = new Uint8Array(join(directory, "PK\x01\x02", [45, 0, 45, 0], shared, sizes, sizes, rest, name, extra));
    starts.set(name, start);
    at = start + size;
  }
  const counts = [...little(records.length, 8), ...little(records.length, 8)];
  const wideEnd = [
    "PK\x06\x06",
    [...little(44, 8), 45, 0, 45, 0, ...little(0, 8)],
    counts,
    little(directory.length, 8),
    little(at, 8),
  ];
  const locator = join("PK\x06\x07", little(0, 4), little(at + directory.length, 8), little(1, 4));
  const end = join("PK\x05\x06", new Array<number>(4).fill(0), new Array<number>(12).fill(255), [0, 0]);
  const tail = join(directory, ...wideEnd, locator, end);
  pieces.push({ start: at, bytes: tail });
  return { ...virtualFile(at + tail.length, pieces), starts };
}

describe.each([3, 5, 9])("a file of %i GiB", (gib) => {
  const large = gib * GiB;

  it("as safetensors", async () => {
    const header = JSON.stringify({
      first: { dtype: "U8", shape: [10], data_offsets: [0, 10] },
      large: { dtype: "F16", shape: [large / 2], data_offsets: [10, 10 + large] },
      last: { dtype: "U8", shape: [2, 4], data_offsets: [10 + large, 18 + large] },
    });
    const dataStart = 8 + header.length;
    const head = { start: 0, bytes: join(little(header.length, 8), header) };
    const { source, read } = virtualFile(dataStart + large + 18, [head]);
    const { tensors } = await openTensors(source);
    const last = await tensors.get("last")!.read();
    expect(last.data).toEqual(fill(dataStart + 10 + large, dataStart + 18 + large));
    expect((await tensors.get("first")!.read()).data).toEqual(fill(dataStart, dataStart + 10));
    expect(tensors.get("large")!.shape).toEqual([large / 2]);
    expect(read()).toBeLessThan(2000);
    const cut = virtualFile(dataStart + large + 17, [head]).source;
    await expect(openTensors(cut)).rejects.toThrow(
      `truncated: expected ${dataStart + large + 18} bytes, got ${dataStart + large + 17}`,
    );
  });

  it("as a zip64 archive of torch", async () => {
    const pickle = stateDict({
      large: { key: "0", length: large, offset: 0, shape: [large], strides: [1] },
      small: { key: "1", length: 100, offset: 0, shape: [100], strides: [1] },
      part: { key: "1", length: 100, offset: 7, shape: [3, 2], strides: [1, 40] },
    });
    const { source, read, starts } = virtualZip([
      { name: "a/data.pkl", size: pickle.length, bytes: pickle },
      { name: "a/byteorder", size: 6, bytes: ascii("little") },
      { name: "a/data/0", size: large },
      { name: "a/data/1", size: 100 },
    ]);
    expect(await sniffSource(source)).toBe("torch-zip");
    const { tensors } = await openTensors(source);
    const start = starts.get("a/data/1")!;
    expect(start).toBeGreaterThan(large);
    expect((await tensors.get("small")!.read()).data).toEqual(fill(start, start + 100));
    const at = [7, 47, 8, 48, 9, 49].map((index) => filler(start + index));
    expect((await tensors.get("part")!.read()).data).toEqual(Uint8Array.from(at));
    expect(tensors.get("large")!.shape).toEqual([large]);
    // Three tails of 64 KiB for the end record (sniffed twice, opened once), and what is asked for.
    expect(read()).toBeLessThan(250_000);
  });

  it("as a file of torch before 1.6", async () => {
    const magic = join("\x80\x02\x8a\x0a", [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19], ".");
    const system = join("\x80\x02}", text("little_endian"), "\x88s.");
    const root = stateDict({
      part: { key: "0", length: large, offset: large - 50, shape: [2, 3], strides: [20, 2] },
      small: { key: "1", length: 9, offset: 1, shape: [4], strides: [1] },
    });
    const head = join(magic, "\x80\x02M\xe9\x03.", system, root, "\x80\x02](", text("0"), text("1"), "e.");
    const first = head.length + 8;
    const second = first + large + 8;
    const { source, read } = virtualFile(second + 9, [
      { start: 0, bytes: join(head, little(large, 8)) },
      { start: second - 8, bytes: Uint8Array.from(little(9, 8)) },
    ]);
    const { kind, tensors } = await openTensors(source);
    expect(kind).toBe("torch-legacy");
    const at = [0, 2, 4, 20, 22, 24].map((index) => filler(first + large - 50 + index));
    expect((await tensors.get("part")!.read()).data).toEqual(Uint8Array.from(at));
    expect((await tensors.get("small")!.read()).data).toEqual(fill(second + 1, second + 5));
    expect(read()).toBeLessThan(1_100_000);
  });
});

it("reads pickles longer than the first prefix of the old container", async () => {
  const magic = join("\x80\x02\x8a\x0a", [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19], ".");
  const system = join("\x80\x02}", text("little_endian"), "\x88s.");
  const note = Buffer.alloc(900_000, "a");
  const notes = [0, 1, 2].flatMap((i) => [text(`note${i}`), Uint8Array.of(0x58, ...little(note.length, 4)), note]);
  const small = tensor({ key: "0", length: 9, offset: 1, shape: [4], strides: [1] });
  const root = [ascii("\x80\x02}("), ...notes, text("small"), small, ascii("u.")];
  const keys = join("\x80\x02]", text("0"), "a.");
  const data = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
  const file = Buffer.concat([magic, ascii("\x80\x02M\xe9\x03."), system, ...root, keys, join(little(9, 8)), data]);
  const { tensors } = await openTensors(bytesSource(new Uint8Array(file)));
  expect(file.length).toBeGreaterThan(2 << 20);
  expect((await tensors.get("small")!.read()).data).toEqual(Uint8Array.of(2, 3, 4, 5));
});

it("verifies a storage above the held size once, in pieces, and then reads parts alone", async () => {
  const size = (64 << 20) + 11;
  const pickle = stateDict({
    a: { key: "0", length: size, offset: size - 4, shape: [4], strides: [1] },
    b: { key: "0", length: size, offset: 5, shape: [2], strides: [3] },
  });
  const data = new Uint8Array(size);
  for (let i = 0; i < size; i += 97) data[i] = i % 251;
  data.set([1, 2, 3, 4], size - 4);
  const crc = crc32(data);
  for (const damaged of [false, true]) {
    if (damaged) data[1000] ^= 1;
    const { source, start, ranges } = archiveOf(pickle, data, crc);
    const { tensors } = await openTensors(source);
    ranges.length = 0;
    const [a, b] = [tensors.get("a")!, tensors.get("b")!];
    if (damaged) {
      await expect(Promise.all([a.read(), b.read()])).rejects.toMatchObject({ code: "Checksum" });
      continue;
    }
    const [first] = await Promise.all([a.read(), b.read()]);
    expect(first!.data).toEqual(Uint8Array.of(1, 2, 3, 4));
    await a.read();
    expect(Math.max(...ranges.map(([from, to]) => to - from))).toBeLessThanOrEqual(8 << 20);
    expect(ranges.reduce((sum, [from, to]) => sum + to - from, 0)).toBe(size + 4 + 4 + 4);
    expect(ranges.filter(([from]) => from === start)).toHaveLength(1);
  }
});

function archiveOf(pickle: Uint8Array, data: Uint8Array, crc: number) {
  const header = (name: string, size: number, sum: number, place: number) => {
    const shared = [
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      ...little(sum, 4),
      ...little(size, 4),
      ...little(size, 4),
      ...little(name.length, 2),
    ];
    return {
      local: join("PK\x03\x04", [45, 0], shared, [0, 0], name),
      entry: join("PK\x01\x02", [45, 0, 45, 0], shared, new Array<number>(12).fill(0), little(place, 4), name),
    };
  };
  const one = header("a/data.pkl", pickle.length, crc32(pickle), 0);
  const second = one.local.length + pickle.length;
  const two = header("a/data/0", data.length, crc, second);
  const start = second + two.local.length;
  const directory = join(one.entry, two.entry);
  const count = [2, 0, 2, 0];
  const end = join(
    "PK\x05\x06",
    [0, 0, 0, 0],
    count,
    little(directory.length, 4),
    little(start + data.length, 4),
    [0, 0],
  );
  const bytes = new Uint8Array(start + data.length + directory.length + end.length);
  [one.local, pickle, two.local].reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  bytes.set(data, start);
  bytes.set(join(directory, end), start + data.length);
  const ranges: [number, number][] = [];
  const source = checkedSource("archive", bytes.length, async (from, to) => {
    ranges.push([from, to]);
    return bytes.subarray(from, to);
  });
  return { source, start, ranges };
}
