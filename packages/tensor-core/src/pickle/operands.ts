// The operands that follow an opcode in bytes: numbers and texts, each checked against the end of the pickle first.
import { PickleError } from "./error.ts";
import { latin1 } from "./latin1.ts";
import type { PickleValue } from "./value.ts";
import { decodeUtf8 } from "../safetensors/utf8.ts";

export type Cursor = {
  readonly bytes: Uint8Array;
  position: number;
  /** Added to positions for messages: where `bytes` lies in the file. */
  readonly fileOffset: number;
  readonly maxString: number;
};

/** The next bytes, as a view. */
export function take(cursor: Cursor, length: number): Uint8Array {
  const offset = cursor.fileOffset + cursor.position;
  if (length > cursor.bytes.length - cursor.position) {
    const left = cursor.bytes.length - cursor.position;
    throw new PickleError("Truncated", `expected ${length} more bytes in the pickle, got ${left}`, offset);
  }
  if (length > cursor.maxString) {
    throw new PickleError("Limit", `expected a string of at most ${cursor.maxString} bytes, got ${length}`, offset);
  }
  const view = cursor.bytes.subarray(cursor.position, cursor.position + length);
  cursor.position += length;
  return view;
}

/** A little-endian unsigned integer of 1, 2, 4 or 8 bytes; above 2^53 the nearest number. */
export function readUnsigned(cursor: Cursor, size: number): number {
  const bytes = take(cursor, size);
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = value * 256 + (bytes[i] as number);
  return value;
}

// Wider ones are no counts: they are kept as bytes.
const maxLong = 1024;

/** A little-endian two's complement integer; beyond 1024 bytes a record of its bytes. */
export function readLong(cursor: Cursor, size: number): PickleValue {
  const bytes = take(cursor, size);
  if (size === 0) return 0;
  if (size > maxLong) return { kind: "object", className: "builtins.int", args: [bytes.slice()], state: null };
  let hex = "0x";
  for (let i = size - 1; i >= 0; i--) hex += (bytes[i] as number).toString(16).padStart(2, "0");
  return bigInteger(BigInt.asIntN(size * 8, BigInt(hex)));
}

/** A number where it is exact, else a bigint. */
export function bigInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

export function readText(cursor: Cursor, length: number): string {
  const offset = cursor.fileOffset + cursor.position;
  const text = decodeUtf8(take(cursor, length));
  if (text === undefined) throw new PickleError("Operand", `expected ${length} bytes of UTF-8, got others`, offset);
  return text;
}

/** A string of Python 2: one character a byte. */
export function readBinary(cursor: Cursor, length: number): string {
  return latin1(take(cursor, length));
}
