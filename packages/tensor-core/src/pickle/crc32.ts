// CRC-32 of zip archives (PKWARE APPNOTE 4.4.7): Node's where this is Node, else four bytes a round, as a checkpoint is hundreds of
// megabytes.
import { nodeCrc32, type Crc32 } from "../host.ts";

/** The checksum as an unsigned 32-bit integer; `before` is that of the bytes in front, where they come in pieces. */
export const crc32: Crc32 = nodeCrc32() ?? portableCrc32;

type Tables = readonly [Int32Array, Int32Array, Int32Array, Int32Array];
let tables: Tables | undefined;

function makeTables(): Tables {
  const made = [0, 1, 2, 3].map(() => new Int32Array(256)) as unknown as Tables;
  const [first, ...others] = made;
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    first[byte] = value;
  }
  let previous = first;
  for (const table of others) {
    for (let byte = 0; byte < 256; byte++) {
      const value = previous[byte]!;
      table[byte] = (value >>> 8) ^ first[value & 255]!;
    }
    previous = table;
  }
  return made;
}

/** `crc32` by tables of its own. */
export function portableCrc32(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3] = (tables ??= makeTables());
  let crc = ~before;
  let i = 0;
  for (const end = bytes.length - 3; i < end; i += 4) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc = t3[crc & 255]! ^ t2[(crc >>> 8) & 255]! ^ t1[(crc >>> 16) & 255]! ^ t0[crc >>> 24]!;
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}
