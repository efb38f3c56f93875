// Where a model comes from, for every command that takes one: a checkpoint or a run folder of ours, files, folders, addresses, or the
// tokenizer that comes along.
import { promises as files } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import {
  FileError,
  hashSource,
  isAddress,
  openSources,
  shownAddress,
  type DownloadLimits,
  type FileSource,
  type OpenedSources,
  type SourceOptions,
} from "@beitjs/tensor-core/files";
import { decodeCheckpoint } from "@beitjs/trainers";
import { loadCheckpoint, runOfLast, type LoadedCheckpoint } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { messageOf, usageError } from "../program/exit-codes.ts";
import { loadBest } from "./from-checkpoint.ts";

/** What was found: a checkpoint of ours, or the open files of anything else. `name` is for people and records. */
export type FoundModel = { readonly name: string } & (
  | { readonly checkpoint: LoadedCheckpoint; readonly sources?: undefined }
  | { readonly sources: readonly FileSource[]; readonly checkpoint?: undefined }
);

/** A path or an address, several of them, or what was found there already. */
export type GivenModel = string | readonly string[] | FoundModel;

/**
 * Finds a model and has it open for as long as `body` takes. Of a run: its best checkpoint, or else the newest good one; damaged ones that were passed over
 * are told.
 *
 * @throws naming the path that is not there or has nothing in it that could be a model
 */
export async function withModel<Result>(
  given: GivenModel,
  context: Context,
  body: (found: FoundModel) => Promise<Result>,
): Promise<Result> {
  if (typeof given === "object" && "name" in given) return body(given);
  const paths = typeof given === "string" ? [given] : given;
  if (paths.length === 1 && (await isCheckpoint(paths[0]))) {
    const checkpoint = (await loadBest(paths[0], context)) ?? (await loadCheckpoint(paths[0]));
    for (const { path, reason } of checkpoint.skipped)
      context.terminal.warn(`damaged checkpoint passed over: ${path}: ${reason}`);
    return body({ checkpoint, name: checkpoint.path });
  }
  const opened = await openModelFiles(paths, context);
  try {
    const checkpoint = await checkpointIn(opened);
    return await body(checkpoint ? { checkpoint, name: opened.name } : opened);
  } finally {
    await opened.close();
  }
}

/** Opens files, folders, http(s) addresses and `small`, the tokenizer that comes along. */
export async function openModelFiles(paths: readonly string[], context: Context): Promise<OpenedSources> {
  const located: string[] = [];
  for (const path of paths) located.push(await locate(path));
  const { progress, ...options } = sourceOptions(context);
  try {
    return await openSources(located.length === 1 ? located[0] : located, options);
  } catch (error) {
    throw nothingThere(error) ? usageError(pathFirst(messageOf(error), paths), error) : error;
  } finally {
    progress.stop();
  }
}

// No file of a model there; a file that is named and missing on the way is a failure.
function nothingThere(error: unknown): boolean {
  return error instanceof FileError && error.code === "Missing" && error.message.startsWith("[openSources]");
}

// As commands say it: where, then what.
function pathFirst(message: string, paths: readonly string[]): string {
  const path = paths.find((one) => message.endsWith(`: ${one}`));
  return path === undefined ? message : `${path}: ${message.slice(0, -path.length - 2)}`;
}

/** SHA-256 of weights: one file's own; several files' one after another, in the order of their names. */
export async function hashOfWeights(sources: readonly FileSource[]): Promise<string> {
  const weights = sources.filter(({ name }) => !name.endsWith(".json"));
  const hashes: string[] = [];
  for (const source of weights) hashes.push(await hashSource(source));
  return hashes.length === 1 ? hashes[0] : hashes.join("+");
}

/** Whether a path is a checkpoint or a run folder of ours. */
export async function isCheckpoint(path: string): Promise<boolean> {
  if (runOfLast(path) !== undefined) return true;
  return (await isThere(join(path, "manifest.json"))) || (await isThere(join(path, "checkpoints")));
}

/** What a model is called in messages and records: an address without its secrets, also one of a kind that is not read. */
export function shownModel(path: string): string {
  return /^\s*[a-z][a-z\d+.-]+:\/\//i.test(path) ? shownAddress(path.trim()) : path;
}

async function isThere(path: string): Promise<boolean> {
  return files.access(path).then(
    () => true,
    () => false,
  );
}

async function locate(path: string): Promise<string> {
  if (isAddress(path) || (await isThere(path))) return path;
  if (path === "small") return shippedTokenizer();
  throw usageError(`${shownModel(path)}: expected a model, got nothing there`);
}

/** The tokenizer that comes with its package, known to commands by the name `small`. */
function shippedTokenizer(): string {
  return createRequire(import.meta.url).resolve("@beitjs/dvae-tokenizer/models/small.safetensors");
}

// A checkpoint at an address is used as one on the disk; without its optimizer, which no command here needs.
async function checkpointIn({ sources, name }: OpenedSources): Promise<LoadedCheckpoint | undefined> {
  if (!sources.some((source) => /(^|[\\/])manifest\.json$/.test(source.name))) return undefined;
  const content = new Map<string, Uint8Array>();
  for (const source of sources) {
    content.set(source.name.split(/[\\/]/).at(-1) as string, await source.read(0, source.size));
  }
  const trees = content.has("ema.safetensors") ? ["model", "ema"] : ["model"];
  return { ...(await decodeCheckpoint(content, { trees })), path: name, skipped: [] };
}

/** Bytes between two lines about a download whose end is unknown. */
const unknownStep = 32 << 20;

function sourceOptions({
  terminal,
  interrupt,
  host,
}: Context): SourceOptions & { readonly progress: { stop(): void } } {
  const mebibytes = (bytes: number) => Math.floor(bytes / 2 ** 20);
  let counted = { name: "", steps: 0 };
  let current: { readonly name: string; readonly shown: ReturnType<typeof terminal.progress> } | undefined;
  return {
    signal: interrupt.signal,
    token: (origin) => tokenOf(host.env, origin),
    limits: limitsOf(host.env),
    onRetry: (name, error, loaded) =>
      terminal.warn(`${messageOf(error)}; going on with ${name} at ${mebibytes(loaded)} MiB`),
    onDownload: (name, loaded, total) => {
      if (total === undefined) {
        // No bar without an end.
        const steps = Math.floor(loaded / unknownStep);
        if (name === counted.name && steps <= counted.steps) return;
        if (steps > 0) terminal.info(`downloading ${name}  ${mebibytes(loaded)} MiB`);
        counted = { name, steps };
        return;
      }
      if (current?.name !== name) {
        current?.shown.stop();
        current = {
          name,
          shown: terminal.progress({ label: `downloading ${name}`, total: mebibytes(total), unit: "MiB" }),
        };
      }
      current.shown.update(mebibytes(loaded), "");
    },
    progress: { stop: () => current?.shown.stop() },
  };
}

// As huggingface_hub has it, in seconds: for an answer, and for the next bytes.
function limitsOf(env: Context["host"]["env"]): DownloadLimits {
  const given = env["HF_HUB_DOWNLOAD_TIMEOUT"];
  if (given === undefined || given === "") return {};
  const seconds = Number(given);
  if (!(seconds > 0)) throw usageError(`HF_HUB_DOWNLOAD_TIMEOUT: expected seconds above 0, got ${given}`);
  return { connectTimeout: 1000 * seconds, silenceTimeout: 1000 * seconds };
}

// As huggingface_hub has it: the token is for that host alone, or for the one that stands in for it.
function tokenOf(env: Context["host"]["env"], origin: string): string | undefined {
  const endpoint = env["HF_ENDPOINT"] ?? "https://huggingface.co";
  return endpoint.replace(/\/+$/, "").toLowerCase() === origin ? env["HF_TOKEN"]?.trim() || undefined : undefined;
}
