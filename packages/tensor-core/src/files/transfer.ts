// The body of an answer, read to its end within bounds of time and size: a host may stop, send without end, or send little that
// unpacks to very much.
import { within } from "./deadline.ts";
import { FileError } from "./error.ts";
import type { AbortSignalLike } from "./hash-source.ts";
import { inWords, throwIfAborted, TransientError, type ResponseLike } from "./request.ts";

export type TransferOptions = {
  readonly name: string;
  readonly signal?: AbortSignalLike | undefined;
  readonly silenceTimeout: number;
  readonly maxBytes: number | undefined;
  /** Bytes that are there already, from a transfer that broke off. */
  readonly loaded: number;
  write(chunk: Uint8Array): Promise<void>;
};

/** Where nobody says how many bytes there are. */
const maxUnknown = 2 ** 31;
const maxKnown = 2 ** 36;
/** What a byte on the wire may become; weights hardly shrink, and JSON no more than so. */
const maxExpansion = 64;
const alwaysAllowed = 64 << 20;

/** What a file may have at most, given what its host declares. */
export function boundOf(declared: number, asked: number | undefined): number {
  if (Number.isNaN(declared)) return asked ?? maxUnknown;
  return Math.min(asked ?? maxKnown, alwaysAllowed + maxExpansion * declared);
}

/**
 * @param declared bytes of the whole file on the wire, NaN if unknown
 * @throws FileError "Download" above the bound; TransientError "Truncated" where it broke off; the signal's reason
 */
export async function transfer(response: ResponseLike, declared: number, options: TransferOptions): Promise<void> {
  const { name, signal, silenceTimeout } = options;
  const most = boundOf(declared, options.maxBytes);
  const reader = response.body?.getReader();
  let { loaded } = options;
  const wanted = Number.isNaN(declared) ? "all" : `${declared}`;
  const broken = (why: string, cause?: unknown) =>
    new TransientError("Truncated", `[openUrl] expected ${wanted} bytes of ${name}, got ${loaded}${why}`, { cause });
  const next = async () => {
    const read = reader?.read() ?? Promise.resolve({ done: true, value: undefined });
    try {
      return await within(read, silenceTimeout, () => broken(`, then nothing for ${silenceTimeout} ms`));
    } catch (error) {
      throwIfAborted(signal);
      throw error instanceof FileError ? error : broken(`: ${inWords(error)}`, error);
    }
  };
  try {
    if (declared > most) throw tooMuch(name, most, `${declared}`);
    for (;;) {
      throwIfAborted(signal);
      const { done, value } = await next();
      if (done || value === undefined) break;
      if (loaded + value.length > most) throw tooMuch(name, most, "more");
      await options.write(value);
      loaded += value.length;
    }
  } catch (error) {
    // Not waited for: what is silent may not answer to this either.
    reader?.cancel(error).catch(() => undefined);
    throw error;
  }
  if (loaded < declared) throw broken("");
}

function tooMuch(name: string, most: number, got: string): FileError {
  return new FileError(
    "Download",
    `[openUrl] expected at most ${most} bytes of ${name}, got ${got}; \`maxBytes\` allows more`,
  );
}
