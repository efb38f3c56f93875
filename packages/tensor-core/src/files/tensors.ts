// Tensors of a weight file, read one by one: safetensors and both containers of PyTorch behind one type. Opening reads the
// directory and the tree; a tensor's bytes are read when it is, so that a file may be larger than memory.
import { FileError } from "./error.ts";
import { readSourceRanges } from "./ranges.ts";
import { sniffSource } from "./sniff.ts";
import type { FileSource } from "./source.ts";
import { createStorageReader } from "./storage-reader.ts";
import { resolveLimits } from "../pickle/limits.ts";
import type { PickleLimits } from "../pickle/limits.ts";
import { extentOf, materialize } from "../pickle/materialize.ts";
import { describeFile } from "../pickle/sniff.ts";
import type { FileKind } from "../pickle/sniff.ts";
import { readTorchContents } from "../pickle/torch.ts";
import type { PickleTensor, PickleValue } from "../pickle/value.ts";
import type { SafeTensor } from "../safetensors/convert.ts";
import type { SafeDtype } from "../safetensors/dtypes.ts";
import { SafetensorsError } from "../safetensors/error.ts";
import { maxHeaderBytes, readSafetensorsHeader, readSafetensorsHeaderLength } from "../safetensors/header.ts";

/** A tensor that is still in its file. */
export type LazyTensor = {
  readonly dtype: SafeDtype;
  readonly shape: readonly number[];
  /**
   * Reads it, in row-major order. The bytes may be a view of the source's memory.
   * @throws FileError "Read"; PickleError "Checksum" where the record of its storage is damaged
   */
  read(): Promise<SafeTensor>;
};

export type TensorFile = {
  readonly kind: "safetensors" | "torch-zip" | "torch-legacy";
  /** In the order of the file; named as `readSafetensors` and `readTorchFile` name them. */
  readonly tensors: ReadonlyMap<string, LazyTensor>;
  /** What a safetensors file says about itself; empty for others. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What lies among the tensors of a torch file and is no plain tensor, as in `TorchFile`. */
  readonly setAside?: ReadonlyMap<string, string>;
  /** The tree of a torch file, tensors as descriptions. */
  readonly root?: PickleValue;
};

/**
 * Opens a weight file, told apart by content and not by name. A damaged or hostile file is refused as by `readSafetensors`
 * and `readTorchFile`, with two differences: the checksum of a storage is verified when its first tensor is read, so that
 * opening reads a few kilobytes; and what has to be held (header, directory, pickles) is bounded by `maxHeldBytes`.
 *
 * Reading a part of a storage holds the storage, up to 64 MiB, until a part of another is read: many tensors on one storage
 * are read in one go.
 *
 * ```ts
 * const { tensors } = await openTensors(blobSource(file));
 * const bias = toFloat32(await tensors.get("head.bias")!.read());
 * ```
 * @throws FileError "Format" or "Truncated" for what is neither; SafetensorsError and PickleError by the broken rule
 */
export async function openTensors(source: FileSource, limits: Partial<PickleLimits> = {}): Promise<TensorFile> {
  const resolved = resolveLimits(limits);
  const kind = await sniffSource(source);
  if (kind === "safetensors" || (kind === "unknown" && (await isCutSafetensors(source)))) {
    return openSafetensors(source);
  }
  if (kind === "torch-zip" || kind === "torch-legacy") return openTorch(source, kind, resolved);
  throw refusal(source, kind);
}

function refusal({ name }: FileSource, kind: FileKind): FileError {
  const code = kind === "truncated-zip" || kind === "empty" ? "Truncated" : "Format";
  const message = `[openTensors] expected safetensors or a PyTorch checkpoint, got ${describeFile(kind)}: ${name}`;
  return new FileError(code, message);
}

/** A header that begins as one does and ends beyond the file: a download that was cut off. */
async function isCutSafetensors(source: FileSource): Promise<boolean> {
  if (source.size < 9) return false;
  const head = await source.read(0, 9);
  const length = Number(new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true));
  return head[8] === 0x7b && length >= 2 && length <= maxHeaderBytes;
}

async function openSafetensors(source: FileSource): Promise<TensorFile> {
  const headerEnd = readSafetensorsHeaderLength(await source.read(0, 8));
  const header = readSafetensorsHeader(await source.read(0, Math.min(source.size, headerEnd)));
  const { fileLength, dataStart, metadata } = header;
  if (fileLength !== source.size) {
    const got = source.size < fileLength ? "truncated: expected" : "expected";
    throw new SafetensorsError(
      "MetadataIncompleteBuffer",
      `[openTensors] ${got} ${fileLength} bytes, got ${source.size}: ${source.name}`,
    );
  }
  const tensors = new Map<string, LazyTensor>();
  for (const [name, { dtype, shape, begin, end }] of header.tensors) {
    const read = async (): Promise<SafeTensor> => ({
      dtype,
      shape,
      data: await source.read(dataStart + begin, dataStart + end),
    });
    tensors.set(name, { dtype, shape, read });
  }
  return { kind: "safetensors", tensors, metadata };
}

async function openTorch(
  source: FileSource,
  kind: "torch-zip" | "torch-legacy",
  limits: PickleLimits,
): Promise<TensorFile> {
  const input = { size: source.size, limits, whole: false };
  const contents = await readSourceRanges(readTorchContents(kind, input), source);
  const readStorage = createStorageReader(source);
  const made = new Map<PickleTensor, LazyTensor>();
  const tensors = new Map<string, LazyTensor>();
  for (const [name, tensor] of contents.tensors) {
    const place = contents.storages.get(tensor.storage)!;
    const read = async (): Promise<SafeTensor> =>
      materialize(tensor, await readStorage(place, extentOf(tensor)), contents.bigEndian);
    const lazy = made.get(tensor) ?? { dtype: tensor.dtype, shape: tensor.shape, read };
    made.set(tensor, lazy);
    tensors.set(name, lazy);
  }
  return { kind, tensors, metadata: {}, setAside: contents.setAside, root: contents.root };
}
