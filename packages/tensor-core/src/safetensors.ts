// The safetensors file format, read and written with all its rules: https://github.com/huggingface/safetensors#format
// No file is believed: what is returned covers the bytes exactly, without holes, overlaps or repeated names.
import type { SafeTensor } from "./safetensors/convert.ts";
import { SafetensorsError } from "./safetensors/error.ts";
import { readSafetensorsHeader } from "./safetensors/header.ts";

export {
  fromFloat32,
  fromFloat32ToHalf,
  fromInt32,
  parameterToHalf,
  toFloat32,
  toInt32,
} from "./safetensors/convert.ts";
export type { SafeTensor } from "./safetensors/convert.ts";
export { safeDtypes } from "./safetensors/dtypes.ts";
export type { SafeDtype } from "./safetensors/dtypes.ts";
export { SafetensorsError } from "./safetensors/error.ts";
export type { SafetensorsErrorCode } from "./safetensors/error.ts";
export { readSafetensorsHeader, readSafetensorsHeaderLength } from "./safetensors/header.ts";
export type { SafeTensorInfo, SafetensorsHeader } from "./safetensors/header.ts";
export { writeSafetensors } from "./safetensors/write.ts";

/** A file that was read: tensors in the order of their data, metadata without a prototype. */
export type SafetensorsFile = {
  readonly tensors: Map<string, SafeTensor>;
  readonly metadata: Record<string, string>;
};

/**
 * Reads a whole safetensors file. No bytes are copied: every tensor's `data` is a view of `bytes`, at any alignment.
 *
 * ```ts
 * const bytes = writeSafetensors([["bias", fromFloat32(new Float32Array([1, 2]), [2])]], { format: "pt" });
 * const { tensors, metadata } = readSafetensors(bytes);
 * toFloat32(tensors.get("bias")!); // Float32Array [1, 2]
 * ```
 * @throws SafetensorsError whose `code` names the broken rule
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { tensors: infos, metadata, dataStart, fileLength } = readSafetensorsHeader(bytes);
  if (fileLength !== bytes.length) {
    throw new SafetensorsError(
      "MetadataIncompleteBuffer",
      `[readSafetensors] expected a file of ${fileLength} bytes, got ${bytes.length}`,
    );
  }
  const tensors = new Map<string, SafeTensor>();
  for (const [name, { dtype, shape, begin, end }] of infos) {
    const data = new Uint8Array(bytes.buffer, bytes.byteOffset + dataStart + begin, end - begin);
    tensors.set(name, { dtype, shape, data });
  }
  return { tensors, metadata };
}
