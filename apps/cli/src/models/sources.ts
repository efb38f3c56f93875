// Where the files of a model come from: a path, a folder, an address, or the package of the tokenizer that comes along, as
// sources to read ranges from.
import { promises as files } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { hashSource, openUrl, type FileSource } from "@beitjs/tensor-core/files";
import { openFile } from "@beitjs/tensor-core/files/node";
import { runOfLast } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";

/** Open files, to be closed after use. */
export type ModelFiles = { readonly sources: readonly FileSource[]; close(): Promise<void> };

// What may belong to a model; the other files of a repository (pictures, read-mes) are not opened.
const parts = /(^(config|preprocessor_config)\.json|\.index\.json|\.(safetensors|bin|pth|pt|pkl|ckpt))$/i;
// Of a training folder: no weights.
const others = /^(optimizer|scheduler|training_args|rng_state|scaler)\b/i;

/**
 * Opens files, folders, http(s) addresses and `small`, the tokenizer that comes along. Of a folder: everything that may be a part
 * of a model.
 *
 * @throws naming the path that is not there or has nothing in it that could be a model
 */
export async function openModelFiles(paths: readonly string[], context: Context): Promise<ModelFiles> {
  const opened: { readonly source: FileSource; readonly close: () => Promise<void> }[] = [];
  const close = async () => {
    for (const one of opened.splice(0)) await one.close();
  };
  try {
    for (const path of paths) {
      if (/^https?:\/\//.test(path)) opened.push({ source: await download(path, context), close: async () => {} });
      else {
        for (const file of await filesOf(path)) {
          const source = await openFile(file);
          opened.push({ source, close: () => source.close() });
        }
      }
    }
    return { sources: opened.map(({ source }) => source), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens files as `openModelFiles` for as long as `body` takes. */
export async function withModelFiles<Result>(
  paths: readonly string[],
  context: Context,
  body: (files: ModelFiles) => Promise<Result>,
): Promise<Result> {
  const files = await openModelFiles(paths, context);
  try {
    return await body(files);
  } finally {
    await files.close();
  }
}

/** SHA-256 of weights: one file's own; several files' one after another, in the order of their names. */
export async function hashOfWeights(sources: ModelFiles["sources"]): Promise<string> {
  const weights = sources.filter(({ name }) => !name.endsWith(".json"));
  const hashes: string[] = [];
  for (const source of weights) hashes.push(await hashSource(source));
  return hashes.length === 1 ? hashes[0] : hashes.join("+");
}

/** Whether a path is a checkpoint or a run folder of ours. */
export async function isCheckpoint(path: string): Promise<boolean> {
  if (runOfLast(path) !== undefined) return true;
  const there = (name: string) =>
    files.access(join(path, name)).then(
      () => true,
      () => false,
    );
  return (await there("manifest.json")) || (await there("checkpoints"));
}

/** The tokenizer that comes with its package, known to commands by the name `small`. */
function shippedTokenizer(): string {
  return createRequire(import.meta.url).resolve("@beitjs/dvae-tokenizer/models/small.safetensors");
}

async function filesOf(path: string): Promise<string[]> {
  const stats = await files.stat(path).catch(() => undefined);
  if (!stats && path === "small") return [shippedTokenizer()];
  if (!stats) throw usageError(`${path}: expected a model, got nothing there`);
  if (!stats.isDirectory()) return [path];
  const names = (await files.readdir(path)).filter((name) => parts.test(name) && !others.test(name)).sort();
  if (names.length === 0) {
    throw usageError(`${path}: expected a run folder or the files of a model, got none that could be one`);
  }
  return names.map((name) => join(path, name));
}

async function download(url: string, { terminal, interrupt }: Context): Promise<FileSource> {
  const label = `downloading ${basename(new URL(url).pathname)}`;
  const mebibytes = (bytes: number) => Math.floor(bytes / 2 ** 20);
  let progress: ReturnType<typeof terminal.progress> | undefined;
  try {
    return await openUrl(url, {
      signal: interrupt.signal,
      onProgress: (loaded, total) => {
        if (total === undefined) return;
        progress ??= terminal.progress({ label, total: mebibytes(total), unit: "MiB" });
        progress.update(mebibytes(loaded), "");
      },
    });
  } finally {
    progress?.stop();
  }
}
