// Where the numbers of a run go. A run has a list of loggers, and a caller's own is one among them.

/** What is told of a step. */
export type LogEntry = {
  /** Finished updates. */
  readonly step: number;
  /** Seconds since 1970. */
  readonly time: number;
  /** Part of a run with several parts in one place. */
  readonly stage?: string;
  /** By name, `val/accuracy`; NaN and infinities among them where training failed. */
  readonly values: Readonly<Record<string, number>>;
};

/** Takes the numbers of a run, in the order of its steps. */
export interface Logger {
  /** Rejects if the numbers could not be kept. */
  log(entry: LogEntry): Promise<void> | void;
  /** Has what it was told where a power cut does not reach it; a checkpoint is written after that. */
  flush?(): Promise<void> | void;
  /** There will be no more, also after a run that failed. */
  close(): Promise<void> | void;
}

/** Several loggers as one: each is told in turn, and closed even if another cannot be. */
export function joinLoggers(loggers: readonly Logger[]): Logger {
  return {
    async log(entry) {
      for (const logger of loggers) await logger.log(entry);
    },
    async flush() {
      for (const logger of loggers) await logger.flush?.();
    },
    async close() {
      const closed = await Promise.allSettled(loggers.map(async (logger) => logger.close()));
      const failed = closed.find(({ status }) => status === "rejected");
      if (failed) throw (failed as PromiseRejectedResult).reason;
    },
  };
}
