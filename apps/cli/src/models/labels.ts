// Names of classes: from a text file, one a line, in the order of the classes; and those that a classifier was trained on.
import { promises as files } from "node:fs";
import type { BeitConfig } from "@beitjs/beit-encoder";
import type { DecodedCheckpoint } from "@beitjs/trainers";
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

/** Class number 3 must mean the same as in training. */
export function refuseOtherClasses({ manifest }: DecodedCheckpoint, classes: readonly string[]): void {
  const identity = manifest.run?.["identity"] as { data?: { classes?: readonly string[] | null } } | undefined;
  const trained = identity?.data?.classes;
  const count = (manifest.model as BeitConfig).classes;
  if (classes.length !== count)
    throw usageError(
      `expected images of the classifier's ${count} classes, got ${classes.length}: ${classes.join(", ")}`,
    );
  const at = trained ? classes.findIndex((name, label) => name !== trained[label]) : -1;
  if (trained && at >= 0)
    throw usageError(
      `expected the classes of training, but class ${at} is "${classes[at]}" here and "${trained[at]}" there`,
    );
}
