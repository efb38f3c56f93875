// CRC-32 of zip archives (PKWARE APPNOTE 4.4.7), four bytes a round: a checkpoint is hundreds of megabytes.

const tables: ReadonlyArray<Int32Array> = makeTables();

function makeTables(): ReadonlyArray<Int32Array> {
  const [first, ...others] = Array.from({ length: 4 }, () => new Int32Array(256)) as [Int32Array, ...Int32Array[]];
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    first[byte] = value;
  }
  let previous = first;
  for (const table of others) {
    for (let byte = 0; byte < 256; byte++) {
      const value = previous[byte] as number;
      table[byte] = (value >>> 8) ^ (first[value & 255] as number);
    }
    previous = table;
  }
  return [first, ...others];
}

/** The checksum as an unsigned 32-bit integer; `before` is that of the bytes in front, where they come in pieces. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3] = tables as [Int32Array, Int32Array, Int32Array, Int32Array];
  let crc = ~before;
  let i = 0;
  for (const end = bytes.length - 3; i < end; i += 4) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc = t3[crc & 255]! ^ t2[(crc >>> 8) & 255]! ^ t1[(crc >>> 16) & 255]! ^ t0[crc >>> 24]!;
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}
