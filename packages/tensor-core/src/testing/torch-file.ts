// Files of torch.save made by hand, byte by byte: pickles in stored zip archives and in the container before torch 1.6.
import { crc32 } from "../pickle/crc32.ts";

export type Part = string | ReadonlyArray<number> | Uint8Array;
type ZipOptions = { readonly zip64?: boolean; readonly method?: number; readonly crc?: number };

export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

export function join(...parts: ReadonlyArray<Part>): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...(typeof part === "string" ? ascii(part) : part)]));
}

export function little(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) % 256);
}

/** A stored archive; with `zip64`, every size lies in the wide fields. */
export function zip(
  records: ReadonlyArray<readonly [string, Uint8Array]>,
  { zip64 = false, method = 0, crc }: ZipOptions = {},
) {
  const small = (value: number): number[] => (zip64 ? [255, 255, 255, 255] : little(value, 4));
  let body = new Uint8Array(0);
  let directory = new Uint8Array(0);
  for (const [name, data] of records) {
    const sum = little(crc ?? crc32(data), 4);
    const shared = [...little(0, 2), ...little(method, 2), 0, 0, 0, 0, ...sum];
    const names = little(name.length, 2);
    const wide = zip64
      ? [1, 0, 24, 0, ...little(data.length, 8), ...little(data.length, 8), ...little(body.length, 8)]
      : [];
    const sizes = [...small(data.length), ...small(data.length)];
    const rest = [...names, ...little(wide.length, 2), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...small(body.length)];
    directory = join(
      directory,
      "PK\x01\x02",
      [45, 0, 45, 0],
      shared,
      sizes,
      rest,
      name,
      wide,
    ) as Uint8Array<ArrayBuffer>;
    body = join(body, "PK\x03\x04", [45, 0], shared, sizes, names, [0, 0], name, data) as Uint8Array<ArrayBuffer>;
  }
  const count = little(records.length, 2);
  const where = [...little(directory.length, 8), ...little(body.length, 8)];
  const counts = [...little(records.length, 8), ...little(records.length, 8)];
  const head = [...little(44, 8), 45, 0, 45, 0, ...little(0, 8)];
  const wideEnd = join("PK\x06\x06", head, counts, where, "PK\x06\x07", little(0, 4));
  const locator = zip64 ? join(wideEnd, little(body.length + directory.length, 8), little(1, 4)) : [];
  const end = [0, 0, 0, 0, ...(zip64 ? [255, 255, 255, 255] : [...count, ...count])];
  return join(body, directory, locator, "PK\x05\x06", end, small(directory.length), small(body.length), [0, 0]);
}

export const pickleStart = 30 + "a/data.pkl".length;
export const torch = (pickle: Uint8Array, ...records: ReadonlyArray<readonly [string, Uint8Array]>): Uint8Array =>
  zip([["a/data.pkl", pickle], ...records]);
export const pickled = (...parts: ReadonlyArray<Part>): Uint8Array => join("\x80\x02", ...parts, ".");
export const text = (value: string): Uint8Array => join("X", little(value.length, 4), value);
export const long = (value: number): number[] => [0x4a, ...little(value, 4)];

/** A tensor of float32 on storage "0". */
export function tensor(
  shape: ReadonlyArray<number>,
  strides: ReadonlyArray<number>,
  length: number,
  start = 0,
): Uint8Array {
  const id = join("((", text("storage"), "ctorch\nFloatStorage\n", text("0"), text("cpu"), long(length), "tQ");
  const sizes = join("(", shape.flatMap(long), "t(", strides.flatMap(long), "t");
  return join("ctorch._utils\n_rebuild_tensor_v2\n", id, long(start), sizes, "\x89ccollections\nOrderedDict\n)RtR");
}

export const legacyHead = join(
  "\x80\x02\x8a\x0a",
  [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19],
  ".",
  pickled("M", [233, 3]),
);
export const legacySystem = (little: boolean): Uint8Array =>
  pickled("}", text("little_endian"), little ? "\x88" : "\x89", "s");
