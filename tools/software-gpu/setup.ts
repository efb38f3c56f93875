// Before any test: the software GPU is unpacked, and the processes that run tests are told where it is. The dynamic
// loader reads LD_LIBRARY_PATH when a process starts, so this must happen before vitest forks its workers.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasSoftwareGpu, unpackSoftwareGpu } from "./driver.ts";

export function setup(): void {
  if (!hasSoftwareGpu) return;
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  const { folder, description } = unpackSoftwareGpu(join(root, "node_modules", ".cache"));
  const { LD_LIBRARY_PATH: others } = process.env;
  process.env.LD_LIBRARY_PATH = others ? `${folder}:${others}` : folder;
  process.env.VK_DRIVER_FILES = description;
  process.env.XDG_RUNTIME_DIR ??= folder;
}
