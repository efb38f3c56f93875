// How often a step's predictions were right.
import type { UpdateReport } from "../update.ts";

/** Share of an objective's `predictions` that are what the pieces of its batch expected. */
export function accuracyOf(
  { arrays }: Pick<UpdateReport, "arrays">,
  pieces: readonly { readonly expected: ArrayLike<number> }[],
): number {
  const expected = pieces.flatMap((piece) => Array.from(piece.expected));
  return arrays["predictions"].filter((id, i) => id === expected[i]).length / expected.length;
}
