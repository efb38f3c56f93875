// Both ways to read a file, with their outcomes in one form, and the comparison between them.
import { FileError, openTensors } from "../../packages/tensor-core/src/files/index.ts";
import type { FileSource, TensorFile } from "../../packages/tensor-core/src/files/index.ts";
import { checkedSource } from "../../packages/tensor-core/src/files/source.ts";
import { PickleError } from "../../packages/tensor-core/src/pickle/index.ts";
import { SafetensorsError } from "../../packages/tensor-core/src/safetensors.ts";
import type { SafeTensor } from "../../packages/tensor-core/src/safetensors.ts";

export type Tensors = ReadonlyMap<string, SafeTensor>;
/** `stage`: whether opening failed or, later, a tensor. */
export type Outcome =
  | { readonly tensors: Tensors }
  | { readonly code: string; readonly error: "file" | "format"; readonly stage: "open" | "read" };
export type Ranges = ReadonlyArray<readonly [start: number, end: number]>;

/** The code of an error that a reader may throw; any other error breaks a promise. */
export function refusalOf(error: unknown, stage: "open" | "read" = "open"): Outcome {
  if (error instanceof Error && error.message.length >= 4096) throw new Error(`a message of ${error.message.length}`);
  if (error instanceof PickleError || error instanceof SafetensorsError) {
    return { code: error.code, error: "format", stage };
  }
  if (error instanceof FileError && (error.code === "Format" || error.code === "Truncated")) {
    return { code: error.code, error: "file", stage };
  }
  throw error;
}

export function readWith(read: () => Tensors): Outcome {
  try {
    return { tensors: read() };
  } catch (error) {
    return refusalOf(error);
  }
}

/** Everything through `openTensors`, and which ranges the tensors took. */
export async function readRanged(bytes: Uint8Array): Promise<{ readonly outcome: Outcome; readonly ranges: Ranges }> {
  const { source, ranges } = watched(bytes);
  let file: TensorFile;
  try {
    file = await openTensors(source);
  } catch (error) {
    return { outcome: refusalOf(error), ranges: [] };
  }
  ranges.length = 0;
  const tensors = new Map<string, SafeTensor>();
  try {
    for (const [name, tensor] of file.tensors) {
      const read = await tensor.read();
      if (read.dtype !== tensor.dtype || read.shape !== tensor.shape)
        throw new Error(`${name} changed when it was read`);
      tensors.set(name, read);
    }
  } catch (error) {
    return { outcome: refusalOf(error, "read"), ranges };
  }
  return { outcome: { tensors }, ranges };
}

/** A source that refuses to be read more often, or in all more, than a file of its size gives reason to. */
function watched(bytes: Uint8Array): { source: FileSource; ranges: [number, number][] } {
  const ranges: [number, number][] = [];
  const started = { reads: 0, total: 0 };
  const source = checkedSource("fuzzed", bytes.length, async (start, end) => {
    ranges.push([start, end]);
    started.total += end - start;
    if (++started.reads > 200 + bytes.length / 8) throw new Error(`${started.reads} reads of ${bytes.length} bytes`);
    const most = (64 + started.reads) * (bytes.length + 1);
    if (started.total > most) throw new Error(`${started.total} bytes read of a file of ${bytes.length}`);
    return bytes.subarray(start, end);
  });
  return { source, ranges };
}

/** Throws where names, order, types, shapes or bytes differ. */
export function expectEqual(a: Tensors, b: Tensors): void {
  const [first, second] = [describeTensors(a), describeTensors(b)];
  if (first !== second) throw new Error(`expected the same tensors, got\n${first}\nand\n${second}`);
  for (const [name, { data }] of a) {
    if (Buffer.compare(data, (b.get(name) as SafeTensor).data) !== 0) throw new Error(`other bytes of ${name}`);
  }
}

export function describeTensors(tensors: Tensors): string {
  return [...tensors]
    .map(([name, { dtype, shape, data }]) => `${JSON.stringify(name)} ${dtype} [${shape}] ${data.length}`)
    .join("\n");
}
