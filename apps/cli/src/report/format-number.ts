// Numbers as the report and the terminal write them.

/** 0.5436 -> "54.4 %" */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A difference of two shares in percentage points: 0.066 -> "+6.6 points" */
export function points(difference: number): string {
  const value = (100 * difference).toFixed(1);
  const sign = Number(value) > 0 ? "+" : "";
  return `${sign}${value.replace("-", "\u2212")} points`;
}

/** 12345 -> "12,345" */
export function whole(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** 75 -> "1 min 15 s" */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const all = Math.round(seconds);
  if (all < 60) return `${all} s`;
  const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${rest} s`;
}

/** Mean and sample standard deviation (0 for one value). */
export function meanAndDeviation(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}
