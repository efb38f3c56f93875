// The header of a safetensors file: its length, its JSON, and the rules that tie it to the data behind it.
// Rules and their order follow the reference implementation (safetensors: src/tensor.rs, `read_metadata` and `validate`).
import { dtypeBits, isSafeDtype } from "./dtypes.ts";
import type { SafeDtype } from "./dtypes.ts";
import { SafetensorsError } from "./error.ts";
import { createScanner } from "./scanner.ts";
import type { Scanner } from "./scanner.ts";
import { decodeUtf8 } from "./utf8.ts";

/** Bytes in front of the header: its length as an unsigned 64-bit little-endian integer. */
export const lengthBytes = 8;
/** No header may be larger, so that a hostile file cannot make a reader allocate without bound. */
export const maxHeaderBytes = 100_000_000;
export const metadataKey = "__metadata__";

/** Where one tensor lies; `begin` and `end` count bytes from the start of the data, not of the file. */
export type SafeTensorInfo = {
  readonly dtype: SafeDtype;
  readonly shape: ReadonlyArray<number>;
  readonly begin: number;
  readonly end: number;
};

export type SafetensorsHeader = {
  /** In the order of their data. */
  readonly tensors: ReadonlyMap<string, SafeTensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the data starts in the file. */
  readonly dataStart: number;
  /** How long the whole file has to be. */
  readonly fileLength: number;
};

/**
 * Byte length of the header, the first 8 bytes included: read 8 bytes of a remote file, then this many.
 * @throws SafetensorsError HeaderTooSmall, HeaderTooLarge
 */
export function readSafetensorsHeaderLength(bytes: Uint8Array): number {
  if (bytes.length < lengthBytes) {
    const message = `[readSafetensors] expected at least ${lengthBytes} bytes, got ${bytes.length}`;
    throw new SafetensorsError("HeaderTooSmall", message);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, lengthBytes);
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  if (length > maxHeaderBytes) {
    const message = `[readSafetensors] expected a header of at most ${maxHeaderBytes} bytes, got ${length}`;
    throw new SafetensorsError("HeaderTooLarge", message);
  }
  return lengthBytes + length;
}

/**
 * Reads and checks the header alone: what a ranged reader needs to fetch single tensors.
 * @param bytes the start of a file, at least as long as `readSafetensorsHeaderLength` says
 * @throws SafetensorsError for every broken rule but MetadataIncompleteBuffer: compare `fileLength` with the file's own
 */
export function readSafetensorsHeader(bytes: Uint8Array): SafetensorsHeader {
  const dataStart = readSafetensorsHeaderLength(bytes);
  if (dataStart > bytes.length) {
    const message = `[readSafetensors] expected ${dataStart} bytes of length and header, got ${bytes.length}`;
    throw new SafetensorsError("InvalidHeaderLength", message);
  }
  const json = bytes.subarray(lengthBytes, dataStart);
  if (json[0] !== 0x7b) {
    const got = json.length === 0 ? "an empty header" : `byte ${json[0]}`;
    throw new SafetensorsError(
      "InvalidHeaderStart",
      `[readSafetensors] expected a header that starts with "{", got ${got}`,
    );
  }
  const text = decodeUtf8(json);
  if (text === undefined) {
    throw new SafetensorsError("InvalidHeader", "[readSafetensors] expected a header in UTF-8, got other bytes");
  }
  const { tensors, metadata } = parseHeader(createScanner(text));
  const sorted = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  const dataLength = checkCoverage(sorted);
  return { tensors: new Map(sorted), metadata, dataStart, fileLength: dataStart + dataLength };
}

function parseHeader(scanner: Scanner) {
  const tensors = new Map<string, SafeTensorInfo>();
  // Without a prototype, so that a key named __proto__ is a key like any other.
  const metadata: Record<string, string> = Object.create(null);
  scanner.object("the header", (name) => {
    if (name !== metadataKey) {
      tensors.set(name, parseTensor(scanner, JSON.stringify(name)));
      return;
    }
    scanner.object(metadataKey, (key) => {
      metadata[key] = scanner.string(`the value of ${JSON.stringify(key)} in ${metadataKey}`);
    });
  });
  scanner.end();
  return { tensors, metadata };
}

function parseTensor(scanner: Scanner, name: string): SafeTensorInfo {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  scanner.object(`tensor ${name}`, (key) => {
    if (key === "dtype") dtype = scanner.string(`dtype of ${name}`);
    else if (key === "shape") shape = parseIntegers(scanner, `shape of ${name}`, parseDimension);
    else if (key === "data_offsets") offsets = parseIntegers(scanner, `data_offsets of ${name}`, parseOffset);
    else
      throw new SafetensorsError(
        "InvalidHeader",
        `[readSafetensors] expected no key ${JSON.stringify(key)} in tensor ${name}`,
      );
  });
  if (dtype === undefined || shape === undefined || offsets === undefined) {
    throw new SafetensorsError(
      "InvalidHeader",
      `[readSafetensors] expected dtype, shape and data_offsets in tensor ${name}`,
    );
  }
  if (!isSafeDtype(dtype)) {
    throw new SafetensorsError(
      "UnknownDtype",
      `[readSafetensors] expected a known dtype in tensor ${name}, got ${dtype}`,
    );
  }
  if (offsets.length !== 2) {
    const message = `[readSafetensors] expected two data_offsets in tensor ${name}, got ${offsets.length}`;
    throw new SafetensorsError("InvalidOffset", message);
  }
  return { dtype, shape, begin: offsets[0], end: offsets[1] };
}

function parseIntegers(scanner: Scanner, where: string, parse: (text: string, where: string) => number): number[] {
  const values: number[] = [];
  scanner.array(where, () => values.push(parse(scanner.number(where), where)));
  return values;
}

function parseDimension(text: string, where: string): number {
  if (!/^[0-9]+$/.test(text)) {
    throw new SafetensorsError(
      "TensorInvalidInfo",
      `[readSafetensors] expected unsigned integers in ${where}, got ${text}`,
    );
  }
  if (!Number.isSafeInteger(Number(text))) {
    throw new SafetensorsError(
      "ValidationOverflow",
      `[readSafetensors] expected integers below 2^53 in ${where}, got ${text}`,
    );
  }
  return Number(text);
}

function parseOffset(text: string, where: string): number {
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(Number(text))) {
    throw new SafetensorsError(
      "InvalidOffset",
      `[readSafetensors] expected unsigned integers below 2^53 in ${where}, got ${text}`,
    );
  }
  return Number(text);
}

// In data order every tensor begins where the last one ended: no overlap, no hole, no hidden bytes.
function checkCoverage(sorted: ReadonlyArray<readonly [string, SafeTensorInfo]>): number {
  let position = 0;
  for (const [name, { dtype, shape, begin, end }] of sorted) {
    if (begin !== position || end < begin) {
      const message = `[readSafetensors] expected tensor ${JSON.stringify(name)} to begin at ${position}, got [${begin}, ${end}]`;
      throw new SafetensorsError("InvalidOffset", message);
    }
    const size = tensorBytes(dtype, shape, JSON.stringify(name));
    if (end - begin !== size) {
      const message = `[readSafetensors] expected ${size} bytes for tensor ${JSON.stringify(name)} (${dtype} [${shape.join(", ")}]), got ${end - begin}`;
      throw new SafetensorsError("TensorInvalidInfo", message);
    }
    position = end;
  }
  return position;
}

/** Bytes of a tensor of this type and shape; an overflow or a broken byte is an error, never a wrong number. */
export function tensorBytes(dtype: SafeDtype, shape: ReadonlyArray<number>, name: string): number {
  let size = dtypeBits(dtype);
  for (const dimension of shape) size = Number.isSafeInteger(size * dimension) ? size * dimension : Infinity;
  if (!Number.isSafeInteger(size)) {
    const message = `[safetensors] expected the size of tensor ${name} to be below 2^53 bits, got ${dtype} [${shape.join(", ")}]`;
    throw new SafetensorsError("ValidationOverflow", message);
  }
  if (size % 8 !== 0) {
    const message = `[safetensors] expected tensor ${name} to fill whole bytes, got ${dtype} [${shape.join(", ")}]`;
    throw new SafetensorsError("TensorInvalidInfo", message);
  }
  return size / 8;
}
