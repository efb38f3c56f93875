// What the shell learns from a run, and errors that know their code.
import { withoutSecrets } from "@beitjs/tensor-core/address";

export const exitCodes = { done: 0, failed: 1, wrongUse: 2, interrupted: 130 } as const;

/** An error of the caller's: a wrong flag, a recipe that cannot be. Ends with exit code 2. */
export function usageError(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, cause === undefined ? {} : { cause }), { exitCode: exitCodes.wrongUse });
}

/** What `work` gives; a refusal of its values, which a flag gave, is an error of the caller's. */
export async function asWrongUse<Value>(
  flag: string,
  work: () => Promise<Value> | Value,
  isRefusal = isOutOfRange,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw isRefusal(error) ? usageError(`${flag}: ${messageOf(error)}`, error) : error;
  }
}

// As libraries of ours say it; engines throw range errors of their own.
function isOutOfRange(error: unknown): boolean {
  return error instanceof RangeError && /^\[\w+\] expected /.test(error.message);
}

/** Stopped by Ctrl-C or SIGTERM. Ends with exit code 130 and without a message: it was told when it happened. */
export function interruptedError(): Error {
  return Object.assign(new Error("interrupted"), { exitCode: exitCodes.interrupted });
}

/** The exit code that an error asks for; 1 if it asks for none. */
export function exitCodeOf(error: unknown): number {
  const { exitCode } = (error ?? {}) as { exitCode?: unknown };
  return typeof exitCode === "number" ? exitCode : exitCodes.failed;
}

/** Characters of a message at most. What a file says may be in it, and a file may say anything. */
const longest = 1900;

/** An error in one line, for people and records: without the function in front that library errors start with, and without secrets. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const said = text.length > longest ? `${text.slice(0, longest)}… (${text.length} characters)` : text;
  return withoutSecrets(said)
    .replace(/^\[[\w$.]+\] /, "")
    .replace(/\s*\n\s*/g, " ")
    .trim();
}
