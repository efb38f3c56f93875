// The SHA-256 of a source, a few megabytes at a time.
import { createSha256 } from "./sha256.ts";
import type { FileSource } from "./source.ts";

/** Any `AbortSignal`. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
}

export type HashOptions = {
  readonly onProgress?: ((loaded: number, total: number) => void) | undefined;
  readonly signal?: AbortSignalLike | undefined;
};

const chunkBytes = 4 << 20;

/**
 * SHA-256 of a whole file as 64 hexadecimal digits; holds 4 MiB.
 * @throws the signal's reason when it is aborted
 */
export async function hashSource(source: FileSource, { onProgress, signal }: HashOptions = {}): Promise<string> {
  const hash = createSha256();
  for (let at = 0; at < source.size; at += chunkBytes) {
    if (signal?.aborted === true) throw signal.reason;
    const end = Math.min(source.size, at + chunkBytes);
    hash.update(await source.read(at, end));
    onProgress?.(end, source.size);
  }
  return hash.digest();
}
