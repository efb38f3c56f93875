// Features as a file that is written row by row, so that more of them fit on a disk than in memory: safetensors, or NumPy's
// npy (version 1.0, numpy/lib/format.py).
import { promises as files } from "node:fs";
import { dirname } from "node:path";
import { createWholeFile } from "@beitjs/trainers/node";
import { npyHeader } from "./npy.ts";
import { unwritten } from "./unwritten.ts";

export type FeatureFileContents = {
  /** Of all rows together. */
  readonly shape: readonly number[];
  /** Only safetensors has a place for it. */
  readonly metadata: Readonly<Record<string, string>>;
};

export type FeatureFileOptions = FeatureFileContents & { readonly format: "safetensors" | "npy" };

export interface FeatureFile {
  write(values: Float32Array): Promise<void>;
  /** Gives the file its name; before, there is none. `contents` where fewer rows were written than announced. */
  finish(contents?: FeatureFileContents): Promise<void>;
  /** Removes what was written, if it was not finished. */
  discard(): Promise<void>;
}

// What readers of safetensors take.
const maxHeaderBytes = 100_000_000;

/**
 * Creates a file of float32 values under a name of its own, which it loses for `path` when it is finished.
 *
 * @throws if there is no room for it, with the numbers, or it cannot be created
 */
export async function createFeatureFile(path: string, options: FeatureFileOptions): Promise<FeatureFile> {
  const header = headerOf(options);
  const bytes = header.length + valueBytes(options.shape);
  const failing = <Result>(work: Promise<Result>): Promise<Result> =>
    work.catch((cause: unknown) => Promise.reject(unwritten(path, cause)));
  await requireRoom(path, bytes, options.shape);
  const file = await failing(createWholeFile(path));
  try {
    await failing(file.write(header));
  } catch (error) {
    await file.discard();
    throw error;
  }
  return {
    write: ({ buffer, byteOffset, byteLength }) => failing(file.write(new Uint8Array(buffer, byteOffset, byteLength))),
    async finish(contents = options) {
      await failing(file.write(headerOf({ ...options, ...contents }, header.length), 0));
      await failing(file.finish());
    },
    discard: () => file.discard(),
  };
}

async function requireRoom(path: string, bytes: number, shape: readonly number[]): Promise<void> {
  // A folder that is not there is told when the file is created.
  const disk = await files.statfs(dirname(path)).catch(() => undefined);
  if (!disk || bytes <= disk.bavail * disk.bsize) return;
  const gib = (value: number) => `${(value / 2 ** 30).toFixed(1)} GiB`;
  throw new Error(
    `${path} would take ${gib(bytes)} (float32 [${shape.join(", ")}]), but ${gib(disk.bavail * disk.bsize)} are free on its disk; ` +
      "take fewer images, --output pooled, or another disk",
  );
}

function headerOf(options: FeatureFileOptions, least = 0): Uint8Array {
  return options.format === "npy" ? npyHeader(options.shape, least) : safetensorsHeader(options, least);
}

// One tensor; as the reference implementation writes it (safetensors: src/tensor.rs), the length a multiple of 8.
function safetensorsHeader({ shape, metadata }: FeatureFileContents, least: number): Uint8Array {
  const tensor = { dtype: "F32", shape, data_offsets: [0, valueBytes(shape)] };
  const json = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata, features: tensor }));
  if (json.length > maxHeaderBytes) {
    throw new Error(
      `the names of the images take ${json.length} bytes, more than the ${maxHeaderBytes} of a safetensors header; write .npy`,
    );
  }
  const length = Math.max(least - 8, Math.ceil(json.length / 8) * 8);
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return header;
}

function valueBytes(shape: readonly number[]): number {
  return 4 * shape.reduce((product, side) => product * side, 1);
}
