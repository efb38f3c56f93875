// Readers of formats that ask for ranges instead of holding a file: one text serves bytes in memory, read at once and
// synchronously, and sources, read piece by piece.
import type { FileSource } from "./source.ts";

export type Range = { readonly start: number; readonly end: number };

/** Asks for ranges within the file and is given their bytes, which it must not write to. */
export type RangeReader<T> = Generator<Range, T, Uint8Array>;

/** Runs a reader over a whole file in memory; every range is a view. */
export function readRanges<T>(reader: RangeReader<T>, bytes: Uint8Array): T {
  let step = reader.next();
  while (step.done !== true) step = reader.next(bytes.subarray(step.value.start, step.value.end));
  return step.value;
}

/** Runs a reader over a source, one range after the other. */
export async function readSourceRanges<T>(reader: RangeReader<T>, source: FileSource): Promise<T> {
  let step = reader.next();
  while (step.done !== true) step = reader.next(await source.read(step.value.start, step.value.end));
  return step.value;
}
