// The SHA-256 of a source, a few megabytes at a time; in browsers the small ones by their own code, which takes only wholes.
import { createSha256 } from "./sha256.ts";
import type { FileSource } from "./source.ts";
import { nodeSha256 } from "../host.ts";

/** Any `AbortSignal`. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
}

export type HashOptions = {
  readonly onProgress?: ((loaded: number, total: number) => void) | undefined;
  readonly signal?: AbortSignalLike | undefined;
};

// No ECMAScript library file names it, and pages without https lack its `subtle`.
declare const crypto:
  { readonly subtle?: { digest(name: "SHA-256", bytes: Uint8Array): Promise<ArrayBuffer> } } | undefined;

const chunkBytes = 4 << 20;
/** Up to this size a file is worth holding whole for the browser's digest. */
const wholeBytes = 64 << 20;

/**
 * SHA-256 of a whole file as 64 hexadecimal digits; holds 4 MiB, in a browser up to 64.
 * @throws the signal's reason when it is aborted
 */
export async function hashSource(source: FileSource, { onProgress, signal }: HashOptions = {}): Promise<string> {
  const hash = createDigest(source.size);
  for (let at = 0; at < source.size; at += chunkBytes) {
    if (signal?.aborted === true) throw signal.reason;
    const end = Math.min(source.size, at + chunkBytes);
    hash.update(await source.read(at, end));
    onProgress?.(end, source.size);
  }
  return hash.digest();
}

interface Digest {
  update(bytes: Uint8Array): void;
  digest(): string | Promise<string>;
}

function createDigest(size: number): Digest {
  const subtle = typeof crypto === "undefined" ? undefined : crypto.subtle;
  if (subtle === undefined || size > wholeBytes || nodeSha256() !== undefined) return createSha256();
  const whole = new Uint8Array(size);
  let filled = 0;
  return {
    update(bytes) {
      whole.set(bytes, filled);
      filled += bytes.length;
    },
    async digest() {
      const bytes = new Uint8Array(await subtle.digest("SHA-256", whole));
      return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    },
  };
}
