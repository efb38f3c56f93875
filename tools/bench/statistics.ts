// Medians, and ratios of runs that belong to the same round: on a shared machine the load of a round is the same for
// all, so the ratio within a round says more than the ratio of two medians.

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("[median] expected at least one value, got none");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new Error("[mean] expected at least one value, got none");
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The values below which a quarter and three quarters of the values lie, with straight lines between neighbors. */
export function quartiles(values: readonly number[]): readonly [first: number, third: number] {
  if (values.length === 0) throw new Error("[quartiles] expected at least one value, got none");
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const low = Math.floor(place);
    return sorted[low] + (place - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
  };
  return [at(0.25), at(0.75)];
}

/** Distance of the largest from the smallest value, in medians; a single value has none. */
export function spread(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  return rounded((Math.max(...values) - Math.min(...values)) / median(values), 3);
}

/** Median over rounds of value / baseline. */
export function pairedRatio(values: readonly number[], baselines: readonly number[]): number {
  if (values.length !== baselines.length) {
    throw new Error(`[pairedRatio] expected ${values.length} baselines, got ${baselines.length}`);
  }
  return median(values.map((value, round) => value / baselines[round]));
}

/** At most `digits` significant digits, for reports. */
export function rounded(value: number, digits = 4): number {
  return Number(value.toPrecision(digits));
}
