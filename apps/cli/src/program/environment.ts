// The machine and the versions a run was made with.
import { availableParallelism, cpus, totalmem } from "node:os";
import { cliVersion } from "./version.ts";

export type Environment = {
  readonly beit: string;
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly processors: number;
  readonly memoryBytes: number;
};

export function environment(): Environment {
  return {
    beit: cliVersion(),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown processor",
    processors: availableParallelism(),
    memoryBytes: totalmem(),
  };
}
