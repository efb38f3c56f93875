// Tensors to a safetensors file, byte for byte as the reference implementation writes it (safetensors: src/tensor.rs,
// `prepare`): strictest alignment first, then by name, the header padded with spaces to a multiple of 8.
import type { SafeTensor } from "./convert.ts";
import { dtypeRank, isSafeDtype } from "./dtypes.ts";
import { SafetensorsError } from "./error.ts";
import { lengthBytes, maxHeaderBytes, metadataKey, tensorBytes } from "./header.ts";
import { compareUtf8, encodeUtf8, isWellFormed } from "./utf8.ts";

/**
 * Writes tensors (a Map, or any list of pairs) and string metadata. The same input gives the same bytes in whatever order
 * it comes: tensors are sorted by alignment and name, metadata by key.
 * @throws SafetensorsError TensorInvalidInfo, ValidationOverflow, UnknownDtype, DuplicateKey, InvalidHeader, HeaderTooLarge
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, SafeTensor]>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(
    ([nameA, a], [nameB, b]) => dtypeRank(b.dtype) - dtypeRank(a.dtype) || compareUtf8(nameA, nameB),
  );
  checkTensors(sorted);
  const header = encodeHeader(sorted, metadata);
  const dataStart = lengthBytes + header.length;
  const dataLength = sorted.reduce((total, [, { data }]) => total + data.length, 0);
  const bytes = new Uint8Array(dataStart + dataLength);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, lengthBytes);
  let position = dataStart;
  for (const [, { data }] of sorted) {
    bytes.set(data, position);
    position += data.length;
  }
  return bytes;
}

function checkTensors(tensors: ReadonlyArray<readonly [string, SafeTensor]>): void {
  const seen = new Set<string>();
  for (const [name, { dtype, shape, data }] of tensors) {
    const quoted = JSON.stringify(name);
    if (seen.has(name))
      throw new SafetensorsError("DuplicateKey", `[writeSafetensors] expected names to differ, got ${quoted} twice`);
    seen.add(name);
    if (name === metadataKey || !isWellFormed(name)) {
      throw new SafetensorsError(
        "InvalidHeader",
        `[writeSafetensors] expected a name of whole characters that is not ${metadataKey}, got ${quoted}`,
      );
    }
    if (!isSafeDtype(dtype)) {
      throw new SafetensorsError(
        "UnknownDtype",
        `[writeSafetensors] expected a known dtype in tensor ${quoted}, got ${String(dtype)}`,
      );
    }
    if (!shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0)) {
      throw new SafetensorsError(
        "TensorInvalidInfo",
        `[writeSafetensors] expected unsigned integers in the shape of ${quoted}, got [${shape.join(", ")}]`,
      );
    }
    const size = tensorBytes(dtype, shape, quoted);
    if (data.length !== size) {
      throw new SafetensorsError(
        "TensorInvalidInfo",
        `[writeSafetensors] expected ${size} bytes for tensor ${quoted} (${dtype} [${shape.join(", ")}]), got ${data.length}`,
      );
    }
  }
}

// Text is joined by hand because an object would put integer-like names first and lose __proto__.
function encodeHeader(
  tensors: ReadonlyArray<readonly [string, SafeTensor]>,
  metadata: Readonly<Record<string, string>> | undefined,
): Uint8Array {
  const entries = metadata === undefined ? [] : [`"${metadataKey}":${encodeMetadata(metadata)}`];
  let position = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    const info = { dtype, shape, data_offsets: [position, position + data.length] };
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(info)}`);
    position += data.length;
  }
  const json = encodeUtf8(`{${entries.join(",")}}`);
  const header = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  header.set(json);
  if (header.length > maxHeaderBytes) {
    throw new SafetensorsError(
      "HeaderTooLarge",
      `[writeSafetensors] expected a header of at most ${maxHeaderBytes} bytes, got ${header.length}`,
    );
  }
  return header;
}

function encodeMetadata(metadata: Readonly<Record<string, string>>): string {
  const entries = Object.entries(metadata).sort(([a], [b]) => compareUtf8(a, b));
  for (const [key, value] of entries) {
    if (typeof value !== "string" || !isWellFormed(value) || !isWellFormed(key)) {
      throw new SafetensorsError(
        "InvalidHeader",
        `[writeSafetensors] expected metadata of strings, got ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
      );
    }
  }
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
}
