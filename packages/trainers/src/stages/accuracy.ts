// How often a step's predictions were right.
import type { UpdateReport } from "../update.ts";

/** Share of an objective's `predictions`, or what is `decided` by them, that are what the pieces of its batch expected. */
export function accuracyOf(
  { arrays }: Pick<UpdateReport, "arrays">,
  pieces: readonly { readonly expected: ArrayLike<number> }[],
  decided: (prediction: number) => number = (prediction) => prediction,
): number {
  const expected = pieces.flatMap((piece) => Array.from(piece.expected));
  return arrays["predictions"].filter((id, i) => decided(id) === expected[i]).length / expected.length;
}
