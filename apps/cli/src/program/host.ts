// What the command line needs of the process it runs in. Passed in, so that a test can be that process.
import type { EventEmitter } from "node:events";

/** A stream to write text to; a terminal if `isTTY`. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

export type Host = {
  /** Results and, with --json, events. */
  readonly stdout: Output;
  /** Everything for people: progress, warnings, errors. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Emits SIGINT and SIGTERM. */
  readonly signals: Pick<EventEmitter, "on" | "off">;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
  /** Milliseconds since 1970, by a clock that somebody may set: for dates. */
  readonly now: () => number;
  /** Milliseconds of a clock that only goes on: for durations. */
  readonly elapsed: () => number;
};

/** The process itself. */
export function processHost(): Host {
  const { stdout, stderr, env } = process;
  const exit = (code: number): void => process.exit(code);
  return { stdout, stderr, env, signals: process, exit, now: Date.now, elapsed: () => performance.now() };
}
