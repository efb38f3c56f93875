// Names of classes from a text file: one a line, in the order of the classes.
import { promises as files } from "node:fs";
import { usageError } from "../program/exit-codes.ts";

/** @throws if it cannot be read, a line is empty, or there are not as many lines as classes */
export async function readLabels(path: string, classes: number): Promise<readonly string[]> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await files.readFile(path));
  } catch (cause) {
    throw usageError(`--labels ${path}: cannot be read: ${(cause as Error).message}`, cause);
  }
  const labels = text
    .replace(/\s+$/, "")
    .split("\n")
    .map((line) => line.trim());
  const empty = labels.indexOf("");
  if (text.trim() !== "" && empty >= 0) {
    throw usageError(`--labels ${path}: expected one label a line, got line ${empty + 1} empty`);
  }
  const count = text.trim() === "" ? 0 : labels.length;
  if (count !== classes) {
    throw usageError(`--labels ${path}: expected ${classes} labels, one a line for each class, got ${count}`);
  }
  return labels;
}
