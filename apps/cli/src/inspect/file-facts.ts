// What one file is: its format by content, its size and hash, and the directory of its tensors. No tensor is read.
import { sizeOf } from "@beitjs/tensor-core";
import {
  describeFile,
  hashSource,
  openTensors,
  sniffSource,
  type FileKind,
  type FileSource,
  type LazyTensor,
  type TensorFile,
} from "@beitjs/tensor-core/files";
import { PickleError } from "@beitjs/tensor-core/pickle";
import type { Context } from "../program/command.ts";
import { messageOf } from "../program/exit-codes.ts";
import { treeFacts, type TreeFacts } from "./tree-facts.ts";

export type TensorFacts = { readonly name: string; readonly dtype: string; readonly shape: readonly number[] };

export type DtypeFacts = {
  readonly dtype: string;
  readonly tensors: number;
  readonly values: number;
  readonly bytes: number;
};

export type FileFacts = {
  readonly name: string;
  readonly bytes: number;
  readonly format: FileKind | "json";
  readonly description: string;
  /** Absent: not asked for. */
  readonly sha256?: string;
  /** Why its tensors cannot be listed. */
  readonly problem?: string;
  readonly tensors?: readonly TensorFacts[];
  readonly dtypes?: readonly DtypeFacts[];
  /** Floating-point values in all tensors. */
  readonly values?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** The top of a PyTorch file's tree. */
  readonly tree?: TreeFacts;
  /** Names in a PyTorch file that are no plain tensors, each with what it is. */
  readonly setAside?: Readonly<Record<string, string>>;
};

const formats: Partial<Record<FileKind, string>> = {
  safetensors: "safetensors",
  "torch-zip": "PyTorch (zip)",
  "torch-legacy": "PyTorch (legacy, before 1.6)",
};
// Below, hashing takes no time worth telling.
const progressFrom = 64 * 2 ** 20;

/** Looks at a file; what is wrong with it is among the facts. */
export async function fileFacts(
  source: FileSource,
  { hash }: { readonly hash: boolean },
  context: Context,
): Promise<FileFacts> {
  const { name, size: bytes } = source;
  const sha256 = hash ? { sha256: await hashWithProgress(source, context) } : {};
  const format = await sniffSource(source);
  // A folder's config.json holds no weights, and nothing is wrong with that.
  if (format === "unknown" && /\.json$/i.test(name))
    return { name, bytes, format: "json", description: "JSON", ...sha256 };
  try {
    const file = await openTensors(source);
    return {
      name,
      bytes,
      format,
      description: formats[format] ?? describeFile(format),
      ...sha256,
      ...contentsOf(file),
    };
  } catch (error) {
    // Of safetensors that were cut off, only the first bytes look right.
    const safetensors = error instanceof Error && error.name === "SafetensorsError";
    const kind = safetensors ? "safetensors" : format;
    const state = error instanceof PickleError && !error.damaged ? "not supported" : "damaged";
    const description = formats[kind] ? `${formats[kind]}, ${state}` : describeFile(kind);
    return { name, bytes, format: kind, description, ...sha256, problem: messageOf(error) };
  }
}

/** Dtypes of tensors, the most bytes first. */
export function countDtypes(tensors: readonly TensorFacts[]): DtypeFacts[] {
  const counts = new Map<string, DtypeFacts>();
  for (const { dtype, shape } of tensors) {
    const before = counts.get(dtype) ?? { dtype, tensors: 0, values: 0, bytes: 0 };
    const values = before.values + sizeOf(shape);
    counts.set(dtype, { dtype, tensors: before.tensors + 1, values, bytes: Math.ceil((values * bitsOf(dtype)) / 8) });
  }
  return [...counts.values()].sort((a, b) => b.bytes - a.bytes);
}

async function hashWithProgress(source: FileSource, { terminal, interrupt }: Context): Promise<string> {
  const mebibytes = (bytes: number) => Math.floor(bytes / 2 ** 20);
  const total = mebibytes(source.size);
  const progress =
    source.size >= progressFrom ? terminal.progress({ label: "hashing", total, unit: "MiB" }) : undefined;
  try {
    return await hashSource(source, {
      signal: interrupt.signal,
      onProgress: (done) => progress?.update(mebibytes(done), ""),
    });
  } finally {
    progress?.stop();
  }
}

function contentsOf(
  file: TensorFile,
): Pick<FileFacts, "tensors" | "dtypes" | "values" | "metadata" | "tree" | "setAside"> {
  const tensors = [...file.tensors].map(([name, { dtype, shape }]: [string, LazyTensor]) => ({ name, dtype, shape }));
  const dtypes = countDtypes(tensors);
  const floating = dtypes.filter(({ dtype }) => /^B?F/.test(dtype));
  return {
    tensors,
    dtypes,
    values: floating.reduce((sum, { values }) => sum + values, 0),
    ...(file.kind === "safetensors" && { metadata: file.metadata }),
    ...(file.root !== undefined && { tree: treeFacts(file.root) }),
    ...(file.setAside && file.setAside.size > 0 && { setAside: Object.fromEntries(file.setAside) }),
  };
}

// The names of dtypes say it: F32, F8_E4M3, BF16.
function bitsOf(dtype: string): number {
  return dtype === "BOOL" ? 8 : Number(/\d+/.exec(dtype)?.[0]);
}
