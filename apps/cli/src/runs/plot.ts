// Curves on a terminal, drawn with blocks.

const blocks = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** Values from 0 up as columns of blocks, the highest over all rows. */
export function blockPlot(values: readonly number[], rows: number): readonly string[] {
  const highest = Math.max(...values, 0);
  const filled = values.map((value) => (highest > 0 ? (Math.max(0, value) / highest) * rows * 8 : 0));
  return Array.from({ length: rows }, (_, row) => {
    const below = (rows - 1 - row) * 8;
    const line = filled.map((eighths) => blocks[Math.max(0, Math.min(8, Math.round(eighths - below)))]).join("");
    return line.trimEnd();
  });
}

/** `count` values of a function of the step, from the first step to the last. */
export function sampled(valueAt: (step: number) => number, totalSteps: number, count: number): readonly number[] {
  const columns = Math.max(1, Math.min(count, totalSteps));
  const last = Math.max(1, columns - 1);
  return Array.from({ length: columns }, (_, i) => valueAt(Math.round((i / last) * (totalSteps - 1))));
}
