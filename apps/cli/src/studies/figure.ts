// How the tables of studies write an accuracy.

/** Accuracy with its spread, in percent: `48.5 ± 0.6`; of one run there is no spread. */
export function formatFigure({ mean, spread }: { readonly mean: number; readonly spread: number | null }): string {
  const own = (100 * mean).toFixed(1);
  return spread === null ? own : `${own} ± ${(100 * spread).toFixed(1)}`;
}
