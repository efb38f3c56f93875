// The machine and the versions a run was made with.
import { availableParallelism, cpus, totalmem } from "node:os";
import type { DemoSummary } from "./summary.ts";

export function environment(version: string): DemoSummary["environment"] {
  return {
    beit: version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown processor",
    processors: availableParallelism(),
    memoryBytes: totalmem(),
  };
}
