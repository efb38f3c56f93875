// A restricted reader of PyTorch checkpoints (torch: torch/serialization.py, Python: Lib/pickletools.py). A pickle is a
// program; this one is run by a machine that can only make inert data, so no file can run code, hang it or fill memory.
import { PickleError } from "./error.ts";
import { resolveLimits } from "./limits.ts";
import type { PickleLimits } from "./limits.ts";
import { extentOf, materialize } from "./materialize.ts";
import { describeFile, sniffFile } from "./sniff.ts";
import { readTorchContents } from "./torch.ts";
import type { PickleTensor, PickleValue } from "./value.ts";
import { readRanges } from "../files/ranges.ts";
import type { SafeTensor } from "../safetensors/convert.ts";

export { PickleError } from "./error.ts";
export type { PickleErrorCode } from "./error.ts";
export { defaultLimits } from "./limits.ts";
export type { PickleLimits } from "./limits.ts";
export { describeFile, sniffFile } from "./sniff.ts";
export type { FileKind } from "./sniff.ts";
export { isKind } from "./value.ts";
export type * from "./value.ts";

/** A checkpoint that was read. */
export type TorchFile = {
  /** The whole tree, tensors as descriptions. */
  readonly root: PickleValue;
  /** Every tensor of the tree by its dotted name, in the order of the file; a tensor saved alone is named "". */
  readonly tensors: Map<string, SafeTensor>;
  /** What lies among the tensors and is no plain tensor, by its dotted name, in words: "a sparse tensor", "a numpy array". */
  readonly setAside: ReadonlyMap<string, string>;
};

/**
 * Reads a file that `torch.save` wrote, in either container: a state dict, a dict of several, or a whole pickled module, whose
 * tensors are named as its `state_dict()` names them. Nothing in the file is looked up or called: what is no tensor and no
 * plain value becomes a record of a name, arguments and state. Contiguous tensors are views of `bytes`, at any alignment;
 * others are copied into row-major order.
 *
 * The limits (`defaultLimits`) bound time and memory: beyond the file itself, reading takes at most a few hundred bytes a
 * step, and copies of at most the file's length plus `maxExtraBytes`.
 *
 * ```ts
 * const { tensors } = readTorchFile(bytes);
 * tensors.get("model.blocks.0.norm1.weight"); // { dtype: "F32", shape: [768], data }
 * ```
 * @throws PickleError whose `code` says what is wrong, with its byte, and whose message ends with what to do; RangeError
 * for bad options
 */
export function readTorchFile(bytes: Uint8Array, options: Partial<PickleLimits> = {}): TorchFile {
  const limits = resolveLimits(options);
  const kind = sniffFile(bytes);
  if (kind !== "torch-zip" && kind !== "torch-legacy") {
    const code = kind === "truncated-zip" || kind === "empty" ? "Truncated" : "Format";
    throw new PickleError(code, `expected a PyTorch checkpoint, got ${describeFile(kind)}`);
  }
  const contents = readRanges(readTorchContents(kind, { size: bytes.length, limits, whole: true }), bytes);
  const made = new Map<PickleTensor, SafeTensor>();
  const tensors = new Map<string, SafeTensor>();
  for (const [name, tensor] of contents.tensors) {
    const place = contents.storages.get(tensor.storage)!;
    const { start, end } = extentOf(tensor);
    const value =
      made.get(tensor) ??
      materialize(tensor, bytes.subarray(place.start + start, place.start + end), contents.bigEndian);
    made.set(tensor, value);
    tensors.set(name, value);
  }
  return { root: contents.root, tensors, setAside: contents.setAside };
}
