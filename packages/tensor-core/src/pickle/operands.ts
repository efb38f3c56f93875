// The operands that follow an opcode: numbers, texts and lines, each checked against the end of the pickle first.
import { PickleError } from "./error.ts";
import { latin1 } from "./latin1.ts";
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

const maxLong = 32;

/** A little-endian two's complement integer of at most 32 bytes. */
export function readLong(cursor: Cursor, size: number): number | bigint {
  if (size > maxLong) {
    const offset = cursor.fileOffset + cursor.position;
    throw new PickleError("Limit", `expected an integer of at most ${maxLong} bytes, got ${size}`, offset);
  }
  const bytes = take(cursor, size);
  if (size === 0) return 0;
  let hex = "0x";
  for (let i = size - 1; i >= 0; i--) hex += (bytes[i] as number).toString(16).padStart(2, "0");
  const value = BigInt.asIntN(size * 8, BigInt(hex));
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

const maxLine = 1024;

/** Text up to a newline. */
export function readLine(cursor: Cursor): string {
  const { bytes, position, fileOffset } = cursor;
  const length = bytes.subarray(position, position + maxLine).indexOf(10);
  if (length < 0)
    throw new PickleError("Truncated", "expected a line of a global's name, got no end", fileOffset + position);
  const line = readText(cursor, length);
  cursor.position++;
  return line;
}
