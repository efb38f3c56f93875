// The operands of protocols 0 and 1: text up to a newline. (Python: Lib/pickletools.py)
import { PickleError } from "./error.ts";
import { latin1 } from "./latin1.ts";
import type { Cursor } from "./operands.ts";
import { bigInteger } from "./operands.ts";
import { decodeUtf8 } from "../safetensors/utf8.ts";
import type { PickleValue } from "./value.ts";

/** Characters of a global's name. */
export const maxName = 1024;
// More digits than any count; what has more is kept as text.
const maxDigits = 2500;

/** The bytes up to a newline, at most `limit` of them. */
function readLineBytes(cursor: Cursor, limit: number): Uint8Array {
  const { bytes, position, fileOffset } = cursor;
  const length = bytes.subarray(position, position + limit + 1).indexOf(10);
  if (length < 0) {
    const long = bytes.length - position > limit;
    const message = long ? `expected a line of at most ${limit} bytes, got more` : "expected a line, got no end";
    throw new PickleError(long ? "Limit" : "Truncated", message, fileOffset + position);
  }
  cursor.position += length + 1;
  return bytes.subarray(position, position + length);
}

/** A part of a global's name. */
export function readName(cursor: Cursor): string {
  const offset = cursor.fileOffset + cursor.position;
  const name = decodeUtf8(readLineBytes(cursor, maxName));
  if (name === undefined) throw new PickleError("Operand", "expected a name in UTF-8, got other bytes", offset);
  return name;
}

/** INT: a decimal number, or 00 and 01 for False and True. LONG: the same with an L behind. */
export function readDecimal(cursor: Cursor, long: boolean): PickleValue {
  const line = readText(cursor).trim();
  if (!long && line === "00") return false;
  if (!long && line === "01") return true;
  const digits = long ? line.replace(/L$/, "") : line;
  if (!/^[+-]?\d+$/.test(digits)) throw unexpected(cursor, "a decimal number", line);
  if (digits.length > maxDigits) return { kind: "object", className: "builtins.int", args: [digits], state: null };
  return bigInteger(BigInt(digits.replace(/^\+/, "")));
}

/** GET and PUT. */
export function readIndex(cursor: Cursor): number {
  const line = readText(cursor).trim();
  if (!/^\d{1,15}$/.test(line)) throw unexpected(cursor, "a place in the memo", line);
  return Number(line);
}

/** FLOAT, as Python's repr writes it. */
export function readDecimalFloat(cursor: Cursor): number {
  const line = readText(cursor).trim();
  const special = /^([+-]?)(inf|nan)/i.exec(line);
  if (special) return special[2]!.toLowerCase() === "nan" ? NaN : special[1] === "-" ? -Infinity : Infinity;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(line)) throw unexpected(cursor, "a decimal number", line);
  return Number(line);
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** STRING: Python 2's repr of a string, one character a byte. */
export function readQuoted(cursor: Cursor): string {
  const line = readText(cursor).trim();
  const quote = line[0];
  if (line.length < 2 || (quote !== "'" && quote !== '"') || line.at(-1) !== quote) {
    throw unexpected(cursor, "a string in quotes", line);
  }
  return line.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|[^])/g, (_, escape: string) => {
    if (escape.length === 3 && escape.startsWith("x")) return String.fromCharCode(parseInt(escape.slice(1), 16));
    if (/^[0-7]/.test(escape)) return String.fromCharCode(parseInt(escape, 8) & 255);
    return escapes[escape] ?? (/^[\\'"]$/.test(escape) ? escape : `\\${escape}`);
  });
}

/** UNICODE: Python's raw-unicode-escape, which escapes only what latin-1 does not have. */
export function readUnicodeEscaped(cursor: Cursor): string {
  return readText(cursor).replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (all, short?: string, long?: string) => {
    const code = parseInt(short ?? long ?? "", 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

function readText(cursor: Cursor): string {
  return latin1(readLineBytes(cursor, cursor.maxString));
}

function unexpected(cursor: Cursor, expected: string, line: string): PickleError {
  const got = JSON.stringify(line.slice(0, 100));
  return new PickleError("Operand", `expected ${expected}, got ${got}`, cursor.fileOffset + cursor.position);
}
