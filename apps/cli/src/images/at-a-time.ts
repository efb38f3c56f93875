// How many images are worked on at a time: as many as processors, of which a container has its share; fewer where the process
// may open few files (ulimit -n 64), as a decoder in a thread of its own needs some for itself.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { processorQuota } from "@beitjs/tensor-core";

/** Below this, images are decoded without threads of our own, and a few at a time. */
const FEW_FILES = 512;
const FEW_IMAGES = 2;

export function imagesAtATime(): number {
  const processors = Math.min(availableParallelism(), Math.max(1, Math.ceil(processorQuota() ?? Infinity)));
  return mayOpenFewFiles() ? Math.min(processors, FEW_IMAGES) : processors;
}

/** Linux says so in a file; elsewhere Node itself raises the limit far enough. */
export function mayOpenFewFiles(limits = readLimits()): boolean {
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity) < FEW_FILES;
}

function readLimits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return "";
  }
}
