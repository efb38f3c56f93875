// How often a class was right, of all rows and of each class's.

export type ProbeScores = {
  readonly accuracy: number;
  /** Rows of each class that there were, and which class they were taken for: [true class][predicted class]. */
  readonly confusion: readonly (readonly number[])[];
};

/** Scores of predicted classes; classes are as many as either names. */
export function scoresOf(predicted: Int32Array, labels: Int32Array): ProbeScores {
  const classes = Math.max(...new Set(predicted), ...new Set(labels)) + 1;
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  let right = 0;
  labels.forEach((label, i) => {
    confusion[label][predicted[i]]++;
    if (predicted[i] === label) right++;
  });
  return { accuracy: right / labels.length, confusion };
}

/** Mean, and standard deviation of a sample (over n - 1), 0 of one value. */
export function meanAndSpread(values: readonly number[]): { readonly mean: number; readonly spread: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, spread: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)) };
}
