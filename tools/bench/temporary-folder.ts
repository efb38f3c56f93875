import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder for `what`, which goes with this process. */
export function temporaryFolder(what: string): string {
  const made = mkdtempSync(join(tmpdir(), `beitjs-bench-${what}-`));
  process.once("exit", () => rmSync(made, { recursive: true, force: true }));
  return made;
}
