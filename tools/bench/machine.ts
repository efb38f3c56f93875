// What a measurement depends on besides the code: part of every report, because figures without it say nothing.
import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from "node:os";

export type Machine = {
  readonly cpu: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly platform: string;
  /** Processes that wanted to run in the last minute: above 0 or so at the start, times are those of a busy machine. */
  readonly load: number;
};

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    processors: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()}-${arch()}`,
    load: Math.round(loadavg()[0] * 100) / 100,
  };
}

/** Versions of the engine that runs our side. */
export function engineVersions(): Readonly<Record<string, string>> {
  return { node: process.versions.node, v8: process.versions.v8 };
}
