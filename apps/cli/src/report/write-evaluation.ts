// What an evaluation found as files: JSON and CSV for programs, a page for people.
import { promises as files } from "node:fs";
import { dirname, extname, join } from "node:path";
import { makeFolder } from "@beitjs/trainers/node";
import type { Dataset } from "@beitjs/trainers";
import { csv, type Cell } from "../files/csv.ts";
import { usageError } from "../program/exit-codes.ts";
import { writeResult } from "../runs/folder.ts";
import type { Figures } from "../runs/stages.ts";
import { renderEvaluation } from "./evaluation-page.ts";

type Values = Readonly<Record<string, unknown>>;

const kinds = [".json", ".csv", ".html"];
const inFolder = ["figures.json", "figures.csv", "report.html"];

/**
 * The files that --out asks for: one, or in a folder all of them.
 *
 * @throws a usage error for a name of another kind
 */
export async function evaluationFiles(out: string | undefined): Promise<readonly string[]> {
  if (out === undefined) return [];
  const kind = extname(out);
  const there = await files.stat(out).catch(() => undefined);
  if (kinds.includes(kind) || (kind === "" && there && !there.isDirectory())) return [out];
  if (kind === "") return inFolder.map((name) => join(out, name));
  throw usageError(`--out ${out}: expected a name that ends in ${kinds.join(", ")}, or a folder for all of them`);
}

/** Writes each file by its ending. `result` has all values, what was measured among them. */
export async function writeEvaluation(
  paths: readonly string[],
  { result, figures, images }: { readonly result: Values; readonly figures: Figures; readonly images: Dataset },
): Promise<void> {
  for (const path of paths) {
    if (paths.length > 1) await makeFolder(dirname(path));
    if (extname(path) === ".csv") await writeResult(path, csv(figures.table ?? tableOf(result)));
    else if (extname(path) !== ".html") await writeResult(path, `${JSON.stringify(result, null, 2)}\n`);
    else {
      const facts = plain(result).map(([name, value]) => [name, String(value)] as const);
      const sections = (await figures.sections?.(images)) ?? [];
      const title = `${String(result["stage"])}: what it can do on ${images.length} images`;
      await writeResult(path, renderEvaluation({ title, facts, lines: figures.lines, sections }));
    }
  }
}

/** Numbers and words by name, those of objects by a path. */
function tableOf(result: Values): readonly (readonly Cell[])[] {
  return [["name", "value"], ...plain(result)];
}

function plain(values: Values, prefix = ""): (readonly [string, string | number])[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (typeof value === "string" || typeof value === "number") return [[prefix + key, value] as const];
    const branch = typeof value === "object" && value !== null && !Array.isArray(value);
    return branch ? plain(value as Values, `${prefix}${key}.`) : [];
  });
}
