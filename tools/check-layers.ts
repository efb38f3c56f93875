// Prints every crossing of the repository's walls as `file:line message` and exits with 1 if there is one.
// Run from the root: node --import jiti/register tools/check-layers.ts
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { checkLayers } from "./layers/check.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// AssemblyScript is another language with TypeScript's syntax; generated modules hold nothing but data.
const skipped = new Set(["node_modules", "dist", "generated", "assembly", "data", "runs", ".turbo"]);

function read(folder: string, files: Record<string, string> = {}): Record<string, string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !skipped.has(entry.name)) read(path, files);
    else if (entry.isFile() && (/\.tsx?$/.test(entry.name) || entry.name === "package.json")) {
      files[relative(root, path).split(sep).join("/")] = readFileSync(path, "utf8");
    }
  }
  return files;
}

const files = { "package.json": readFileSync(join(root, "package.json"), "utf8") };
for (const folder of ["packages", "apps", "tools"]) read(join(root, folder), files);
const violations = checkLayers(files);
for (const { path, line, message } of violations) process.stdout.write(`${path}:${line} ${message}\n`);
process.exitCode = violations.length === 0 ? 0 : 1;
