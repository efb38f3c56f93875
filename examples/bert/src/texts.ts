// What is read: texts of documents, of which the later fifth is never trained on.
import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";

/** A text and its name; documents stand between blank lines, sentences on lines of their own. */
export type Text = {
  readonly name: string;
  readonly training: readonly string[];
  readonly testing: readonly string[];
};

/** Every so manieth document is for testing. */
const TEST_EVERY = 5;

/** @throws if a text has too few documents to test on */
export async function readText(path: string): Promise<Text> {
  const documents = (await readFile(path, "utf8"))
    .replaceAll("\r", "")
    .split(/\n{2,}/)
    .map((document) => document.trim())
    .filter(Boolean);
  if (documents.length < TEST_EVERY)
    throw new Error(
      `[readText] expected ${path} to have ${TEST_EVERY} documents or more between blank lines, got ${documents.length}`,
    );
  const isTest = (i: number): boolean => i % TEST_EVERY === TEST_EVERY - 1;
  return {
    name: basename(path, extname(path)),
    training: documents.filter((_, i) => !isTest(i)),
    testing: documents.filter((_, i) => isTest(i)),
  };
}

/** Passages of exactly `length` characters that begin where a sentence does and do not overlap. */
export function passages(documents: readonly string[], length: number): string[] {
  const found: string[] = [];
  for (const document of documents) {
    const running = document.replaceAll("\n", " ");
    let free = 0;
    let start = 0;
    for (const sentence of document.split("\n")) {
      if (start >= free && start + length <= running.length) {
        found.push(running.slice(start, start + length));
        free = start + length;
      }
      start += sentence.length + 1;
    }
  }
  return found;
}
