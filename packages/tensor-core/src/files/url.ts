// Downloads as sources: streamed into blocks of memory or into a cache, counted, hashed, and only then handed out.
import { requestOf, shownAddress } from "./address.ts";
import type { CacheOpenOptions, CacheWriter, FileCache } from "./cache.ts";
import { createChunkWriter } from "./chunks.ts";
import { FileError } from "./error.ts";
import type { AbortSignalLike } from "./hash-source.ts";
import { createSha256 } from "./sha256.ts";
import type { FileSource } from "./source.ts";

/** The part of `Response` that is used here. */
export interface ResponseLike {
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly headers: { get(name: string): string | null };
  readonly body: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
      cancel(reason?: unknown): Promise<void>;
    };
  } | null;
}

export interface UrlOptions {
  /** Bytes so far and of all; undefined where the server does not say. Also called while a kept file is checked. */
  readonly onProgress?: (loaded: number, total: number | undefined) => void;
  readonly signal?: AbortSignalLike;
  /** The digest that the file must have, 64 hexadecimal digits. */
  readonly sha256?: string;
  /** Where files are kept; see `openFileCache`. */
  readonly cache?: FileCache;
  /** Sent with the request, such as `authorization`; to another host that answers in its place, none of that kind is. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Another `fetch`, for tests. */
  fetch?(url: string, init?: RequestLike): Promise<ResponseLike>;
}

/** The part of `RequestInit` that is used here. */
export interface RequestLike {
  readonly signal?: AbortSignalLike | null | undefined;
  /** Values by name. */
  readonly headers?: object | undefined;
}

/** @internal */
export type ProbeOptions = UrlOptions & {
  /** Of files that may not be there: a page in place of a file, as some hosts answer instead of 404, is none. */
  readonly noPage?: boolean;
  /** More is no such file: a host may send without end. */
  readonly maxBytes?: number;
};

declare const fetch: NonNullable<UrlOptions["fetch"]>;

/**
 * Downloads a file, or takes it from the cache, of any size. What it gives holds the whole file: a transfer that was cut
 * off or has another digest never becomes a source.
 *
 * ```ts
 * const source = await openUrl(url, { onProgress: (loaded, total) => show(loaded, total) });
 * const { tensors } = await openTensors(source);
 * ```
 * @throws FileError "Missing" or "Download" with status and address; "Truncated" and "Checksum" with what was expected and
 * what came; the signal's reason when it is aborted. No message has the credentials or the query of an address.
 */
export async function openUrl(url: string, options: UrlOptions = {}): Promise<FileSource> {
  return downloadFile(url, options);
}

/** @internal */
export async function downloadFile(url: string, options: ProbeOptions): Promise<FileSource> {
  checkDigest(options.sha256);
  const { url: bare } = requestOf(url);
  const kept = await options.cache?.open(bare, cacheOptions(options));
  if (kept !== undefined) return kept;
  const writer = options.cache === undefined ? memoryWriter(shownAddress(url)) : await options.cache.create(bare);
  try {
    const response = await request(url, options);
    const sha256 = await transfer(url, response, writer, options);
    return await writer.commit(sha256);
  } catch (error) {
    await writer.abort();
    if (options.signal?.aborted === true) throw options.signal.reason;
    throw error;
  }
}

function cacheOptions({ sha256, signal, onProgress }: UrlOptions): CacheOpenOptions {
  return { sha256, signal, onProgress };
}

function checkDigest(sha256: string | undefined): void {
  if (sha256 === undefined || /^[0-9a-f]{64}$/i.test(sha256)) return;
  throw new TypeError(`[openUrl] expected a SHA-256 of 64 hexadecimal digits, got ${JSON.stringify(sha256)}`);
}

async function request(address: string, options: ProbeOptions): Promise<ResponseLike> {
  const { signal } = options;
  const load = options.fetch ?? fetch;
  const shown = shownAddress(address);
  const { url, authorization } = requestOf(address);
  const headers = { ...(authorization !== undefined && { authorization }), ...options.headers };
  const init = { ...(signal && { signal }), ...(Object.keys(headers).length > 0 && { headers }) };
  const response = await load(url, init).catch((cause: unknown) => {
    if (signal?.aborted === true) throw signal.reason;
    const words = inWords(cause);
    const got = words.replaceAll(url, () => shown);
    const safe = got === words ? cause : new Error(got);
    throw new FileError("Download", `[openUrl] expected an answer from ${shown}, got ${got}`, { cause: safe });
  });
  const page =
    options.noPage === true && /^(text\/html|application\/xhtml)/i.test(response.headers.get("content-type") ?? "");
  if (response.ok && !page) return response;
  await response.body?.getReader().cancel();
  const missing = response.ok || response.status === 404 || response.status === 410;
  const got = response.ok ? "a web page" : `${response.status} ${response.statusText}`.trim();
  throw new FileError(missing ? "Missing" : "Download", `[openUrl] expected status 200 from ${shown}, got ${got}`);
}

// What fetch says of itself is "fetch failed"; the reason stands below.
function inWords(error: unknown): string {
  const { cause } = (error ?? {}) as { readonly cause?: unknown };
  return cause instanceof Error ? `${String(error)}: ${cause.message || String(cause)}` : String(error);
}

/** Streams the body into the writer; the digest of all of it, or "" where nobody asks. */
async function transfer(
  address: string,
  response: ResponseLike,
  writer: CacheWriter,
  { onProgress, signal, sha256, cache, maxBytes = Infinity }: ProbeOptions,
): Promise<string> {
  const url = shownAddress(address);
  const hash = sha256 === undefined && cache === undefined ? undefined : createSha256();
  const declared = Number(response.headers.get("content-length") ?? NaN);
  const reader = response.body?.getReader();
  let loaded = 0;
  try {
    for (;;) {
      if (signal?.aborted === true) throw signal.reason;
      const { done, value } = (await reader?.read().catch(interrupted(url, () => loaded, declared, signal))) ?? {
        done: true,
      };
      if (done || value === undefined) break;
      if (loaded + value.length > maxBytes) {
        throw new FileError("Download", `[openUrl] expected at most ${maxBytes} bytes of ${url}, got more`);
      }
      hash?.update(value);
      await writer.write(value);
      loaded += value.length;
      // A compressed transfer gives more than was declared, which is the length on the wire.
      onProgress?.(loaded, loaded <= declared ? declared : undefined);
    }
  } catch (error) {
    await reader?.cancel(error).catch(() => undefined);
    throw error;
  }
  if (loaded < declared)
    throw new FileError("Truncated", `[openUrl] expected ${declared} bytes of ${url}, got ${loaded}`);
  const found = hash?.digest() ?? "";
  if (sha256 !== undefined && sha256.toLowerCase() !== found) {
    throw new FileError("Checksum", `[openUrl] expected ${url} to have SHA-256 ${sha256.toLowerCase()}, got ${found}`);
  }
  return found;
}

function interrupted(url: string, loaded: () => number, declared: number, signal: AbortSignalLike | undefined) {
  return (cause: unknown): never => {
    if (signal?.aborted === true) throw signal.reason;
    const all = Number.isNaN(declared) ? "all" : `${declared}`;
    const message = `[openUrl] expected ${all} bytes of ${url}, got ${loaded()}: ${String(cause)}`;
    throw new FileError("Truncated", message, { cause });
  };
}

function memoryWriter(url: string): CacheWriter {
  const chunks = createChunkWriter();
  return {
    write: async (chunk) => chunks.write(chunk),
    commit: async () => chunks.finish(url),
    abort: async () => undefined,
  };
}
