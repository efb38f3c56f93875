// Files that are there are not written over unless that was asked for. A device or a pipe loses nothing.
import { promises as files } from "node:fs";
import { basename, dirname } from "node:path";
import { usageError } from "../program/exit-codes.ts";

/**
 * To be asked before the work begins.
 *
 * @throws a usage error that names those that are there
 */
export async function refuseTaken(paths: readonly string[], { force }: { readonly force: boolean }): Promise<void> {
  if (force) return;
  const taken: string[] = [];
  for (const path of paths) {
    const stats = await files.stat(path).catch(() => undefined);
    if (stats?.isFile()) taken.push(path);
  }
  const [first, ...others] = taken;
  if (first === undefined) return;
  if (paths.length === 1)
    throw usageError(`--out ${first}: is there already; pass --force to write over it, or take another --out`);
  const names = taken.slice(0, 5).map((path) => basename(path));
  const more = others.length >= 5 ? ` and ${taken.length - 5} more` : "";
  throw usageError(
    `${dirname(first)} already has ${names.join(", ")}${more}; pass --force to write over them, or take another --out`,
  );
}
