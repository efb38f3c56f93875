// Reads every image of a dataset once, to find the bad ones before a run does.
import type { Dataset } from "../data/dataset.ts";
import { isImageError } from "./image-error.ts";

export type ImageProblem = {
  readonly index: number;
  readonly name: string;
  /** The file, where the dataset has one per image; the name otherwise. */
  readonly path: string;
  readonly reason: string;
};

export type VerifyOptions = {
  /** Images read at a time; 8 by default. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
};

/**
 * Yields the examples that cannot be read, in the dataset's order.
 * @throws the signal's reason.
 */
export async function* verifyDataset(
  dataset: Dataset,
  { concurrency = 8, signal }: VerifyOptions = {},
): AsyncGenerator<ImageProblem, void, void> {
  const pending: Promise<ImageProblem | undefined>[] = [];
  for (let index = 0; index < dataset.length || pending.length > 0;) {
    signal?.throwIfAborted();
    while (index < dataset.length && pending.length < concurrency) pending.push(problemOf(dataset, index++));
    const problem = await pending.shift();
    if (problem) yield problem;
  }
}

/**
 * Reads every image and throws when any cannot be read.
 * @throws Error with their number and, for the first ten, path and reason.
 */
export async function requireReadable(dataset: Dataset, options: VerifyOptions = {}): Promise<void> {
  const lines: string[] = [];
  let count = 0;
  for await (const { path, reason } of verifyDataset(dataset, options)) {
    if (count++ < 10) lines.push(`  ${path}: ${reason}`);
  }
  if (count === 0) return;
  if (count > 10) lines.push(`  and ${count - 10} more`);
  const summary = `expected ${dataset.length} readable images, got ${count} that cannot be read`;
  throw new Error(`[requireReadable] ${summary}:\n${lines.join("\n")}`);
}

async function problemOf(dataset: Dataset, index: number): Promise<ImageProblem | undefined> {
  try {
    await dataset.get(index);
    return undefined;
  } catch (error) {
    const name = dataset.name(index);
    if (isImageError(error)) return { index, name, path: error.path, reason: error.reason };
    return { index, name, path: name, reason: (error as Error).message };
  }
}
