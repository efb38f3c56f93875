// Downloads as sources: streamed into blocks of memory or into a cache, counted, hashed, and only then handed out. A transfer that
// breaks off goes on where it stopped.
import { requestOf, shownAddress } from "./address.ts";
import type { CacheOpenOptions, CacheWriter, FileCache } from "./cache.ts";
import { createChunkWriter } from "./chunks.ts";
import { pause } from "./deadline.ts";
import { FileError } from "./error.ts";
import type { AbortSignalLike } from "./hash-source.ts";
import {
  request,
  throwIfAborted,
  TransientError,
  type Answer,
  type RequestLike,
  type ResponseLike,
} from "./request.ts";
import { createSha256, type Sha256 } from "./sha256.ts";
import type { FileSource } from "./source.ts";
import { transfer } from "./transfer.ts";

/** How much a download takes, how long it waits, and how often it tries again. */
export type DownloadLimits = {
  /**
   * Bytes of one file at most. By default 64 GiB, 2 GiB where a host does not say how many there are, and 64 times what it says for
   * what is compressed on its way.
   */
  readonly maxBytes?: number | undefined;
  /** Milliseconds until a host has answered; 30,000 by default. */
  readonly connectTimeout?: number | undefined;
  /** Milliseconds without a byte after which a transfer is taken for broken; 60,000 by default. */
  readonly silenceTimeout?: number | undefined;
  /** How often a transfer that broke off is gone on with, and a busy host asked again; 3 by default. */
  readonly retries?: number | undefined;
  /** Milliseconds before the first of these, twice as many before each further one; 500 by default. */
  readonly retryDelay?: number | undefined;
};

export interface UrlOptions extends DownloadLimits {
  /** Bytes so far and of all; undefined where the server does not say. Also called while a kept file is checked. */
  readonly onProgress?: (loaded: number, total: number | undefined) => void;
  /** Told before a further try, with what went wrong. */
  readonly onRetry?: (error: FileError, loaded: number) => void;
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

/** @internal */
export type ProbeOptions = UrlOptions & {
  /** Of files that may not be there: a page in place of a file, as some hosts answer instead of 404, is none. */
  readonly noPage?: boolean;
};

const usual = { connectTimeout: 30_000, silenceTimeout: 60_000, retries: 3, retryDelay: 500 } as const;

/**
 * Downloads a file, or takes it from the cache, of any size. What it gives holds the whole file: a transfer that was cut
 * off or has another digest never becomes a source. Where a hub says the digest of a file (`x-linked-etag`), it is held to it in Node.
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
  checkLimits(options);
  const { url: bare } = requestOf(url);
  const kept = await options.cache?.open(bare, cacheOptions(options));
  if (kept !== undefined) return kept;
  const createWriter = async () =>
    options.cache === undefined ? memoryWriter(shownAddress(url)) : options.cache.create(bare);
  const download = newDownload(url, options, createWriter);
  try {
    await download.begin();
    await withRetries(download, options);
    return await download.finish();
  } catch (error) {
    await download.abort();
    throwIfAborted(options.signal);
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

function checkLimits(options: UrlOptions): void {
  for (const name of ["maxBytes", "connectTimeout", "silenceTimeout", "retries", "retryDelay"] as const) {
    const value = options[name];
    if (value === undefined || value >= 0) continue;
    throw new TypeError(`[openUrl] expected ${name} of at least 0, got ${value}`);
  }
}

async function withRetries(download: Download, options: UrlOptions): Promise<void> {
  const { retries = usual.retries, retryDelay = usual.retryDelay, signal } = options;
  for (let tries = 0; ; tries++) {
    try {
      return await download.go();
    } catch (error) {
      if (!(error instanceof TransientError) || tries >= retries || signal?.aborted === true) throw error;
      options.onRetry?.(error, download.loaded());
      await pause(Math.max(error.wait, retryDelay * 2 ** tries));
      throwIfAborted(signal);
    }
  }
}

interface Download {
  begin(): Promise<void>;
  /** One request and its transfer, from where the last one stopped. */
  go(): Promise<void>;
  loaded(): number;
  /** Checks the digest and keeps what came. */
  finish(): Promise<FileSource>;
  abort(): Promise<void>;
}

/** What is known of the file from its first answer, by which the next is known to be of the same. */
type Known = { readonly etag: string | null; readonly modified: string | null; readonly declared: number };

function newDownload(url: string, options: ProbeOptions, createWriter: () => Promise<CacheWriter>): Download {
  const name = shownAddress(url);
  const hashed = options.sha256 !== undefined || options.cache !== undefined;
  let writer: CacheWriter | undefined;
  let hash: Sha256 | undefined;
  let loaded = 0;
  let known: Known | undefined;
  let said: string | undefined;
  const begin = async (): Promise<void> => {
    await writer?.abort();
    writer = undefined;
    writer = await createWriter();
    [loaded, known, hash] = [0, undefined, undefined];
  };
  const write = async (chunk: Uint8Array): Promise<void> => {
    hash?.update(chunk);
    await writer?.write(chunk);
    loaded += chunk.length;
    const { declared = NaN } = known ?? {};
    // A compressed transfer gives more than was declared, which is the length on the wire.
    options.onProgress?.(loaded, loaded <= declared ? declared : undefined);
  };
  return {
    begin,
    loaded: () => loaded,
    async go() {
      const resume = known && loaded > 0 ? { ...known, loaded } : undefined;
      const { connectTimeout = usual.connectTimeout, silenceTimeout = usual.silenceTimeout } = options;
      const answer = await request(url, { ...options, connectTimeout }, resume);
      try {
        if (!resume || !goesOn(answer, resume)) {
          if (resume) await begin();
          if (answer.response.status === 206 || answer.response.status === 416) throw changed(name);
          said = answer.sha256;
          known = knownOf(answer);
          if (hashed || said !== undefined) hash = createSha256();
        }
        const { declared } = known as Known;
        const { signal, maxBytes } = options;
        await transfer(answer.response, declared, { name, signal, silenceTimeout, maxBytes, loaded, write });
      } finally {
        answer.stop();
      }
    },
    async finish() {
      const found = hash?.digest() ?? "";
      checkFound(name, found, options.sha256, "");
      checkFound(name, found, said, ", as its host says");
      return (writer as CacheWriter).commit(found);
    },
    abort: async () => writer?.abort(),
  };
}

function knownOf({ response: { headers } }: Answer): Known {
  const declared = Number(headers.get("content-length") ?? NaN);
  return { etag: headers.get("etag"), modified: headers.get("last-modified"), declared };
}

/** Whether an answer is the rest of the same file. Hosts need not tell a page of another origin where it begins, only its length. */
function goesOn(
  { response }: Answer,
  { loaded, etag, modified, declared }: Known & { readonly loaded: number },
): boolean {
  if (response.status !== 206) return false;
  const { headers } = response;
  const other = (name: string, before: string | null) => {
    const now = headers.get(name);
    return now !== null && before !== null && now !== before;
  };
  if (other("etag", etag) || other("last-modified", modified) || Number.isNaN(declared)) return false;
  const [, start, all] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get("content-range") ?? "") ?? [];
  if (start !== undefined) return Number(start) === loaded && (all === "*" || Number(all) === declared);
  return Number(headers.get("content-length") ?? NaN) === declared - loaded;
}

function changed(name: string): TransientError {
  return new TransientError("Truncated", `[openUrl] expected the rest of ${name}, got another part: the file changed`);
}

function checkFound(name: string, found: string, wanted: string | undefined, whoSays: string): void {
  if (wanted === undefined || wanted.toLowerCase() === found) return;
  throw new FileError(
    "Checksum",
    `[openUrl] expected ${name} to have SHA-256 ${wanted.toLowerCase()}${whoSays}, got ${found}`,
  );
}

function memoryWriter(url: string): CacheWriter {
  const chunks = createChunkWriter();
  return {
    write: async (chunk) => chunks.write(chunk),
    commit: async () => chunks.finish(url),
    abort: async () => undefined,
  };
}
