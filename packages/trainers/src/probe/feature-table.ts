// Features of labeled images as a table, one row an image; what a probe or the nearest neighbors learn from.
import type { Dataset } from "../data/index.ts";

export type FeatureTable = {
  /** [N, D] */
  readonly values: Float32Array;
  /** D */
  readonly width: number;
  /** Classes of the rows. [N] */
  readonly labels: Int32Array;
};

/** Rows of a table, in the order given. */
export function takeRows({ values, width, labels }: FeatureTable, rows: ArrayLike<number>): FeatureTable {
  const taken = { values: new Float32Array(rows.length * width), width, labels: new Int32Array(rows.length) };
  for (let i = 0; i < rows.length; i++) {
    taken.values.set(values.subarray(rows[i] * width, (rows[i] + 1) * width), i * width);
    taken.labels[i] = labels[rows[i]];
  }
  return taken;
}

/** Labels as the dataset that they came from, for what draws images by their classes. */
export function labelsOnly({ labels }: Pick<FeatureTable, "labels">): Dataset {
  const classes = Array.from({ length: Math.max(-1, ...new Set(labels)) + 1 }, (_, label) => String(label));
  return {
    length: labels.length,
    classes,
    label: (index) => labels[index],
    name: (index) => `row ${index}`,
    get: (index) => Promise.reject(new Error(`[labelsOnly] expected no use of images, got one of row ${index}`)),
  };
}

/**
 * Columns of mean 0 and standard deviation 1 over the rows of `train`, and others by the same numbers; a column that never changes
 * becomes 0. (the BatchNorm without affine in front of the probe of He et al. 2021, appendix A.1)
 */
export function standardize(
  train: FeatureTable,
  others: readonly FeatureTable[] = [],
): { readonly train: FeatureTable; readonly others: readonly FeatureTable[] } {
  const { means, scales } = columnStatistics(train);
  const scaled = (table: FeatureTable): FeatureTable => {
    const { width } = table;
    return { ...table, values: table.values.map((value, i) => (value - means[i % width]) * scales[i % width]) };
  };
  return { train: scaled(train), others: others.map(scaled) };
}

function columnStatistics({ values, width }: FeatureTable): { readonly means: Float64Array; scales: Float64Array } {
  const [means, squares] = [new Float64Array(width), new Float64Array(width)];
  const rows = values.length / width;
  for (let at = 0; at < values.length; at += width) for (let j = 0; j < width; j++) means[j] += values[at + j];
  for (let j = 0; j < width; j++) means[j] /= rows;
  for (let at = 0; at < values.length; at += width) {
    for (let j = 0; j < width; j++) squares[j] += (values[at + j] - means[j]) ** 2;
  }
  // Below what float32 tells from a constant of that size, a deviation is rounding.
  const scales = squares.map((sum, j) => {
    const deviation = Math.sqrt(sum / rows);
    return deviation > 1e-6 * Math.abs(means[j]) ? 1 / deviation : 0;
  });
  return { means, scales };
}

/** @throws `[caller] expected …` for tables that do not belong together, are empty, have one class alone, or numbers that are none */
export function checkTables(caller: string, train: FeatureTable, test: FeatureTable): void {
  if (train.labels.length === 0 || test.labels.length === 0) {
    throw new RangeError(
      `[${caller}] expected rows to learn from and to test on, got ${train.labels.length} and ${test.labels.length}`,
    );
  }
  if (train.width !== test.width) {
    throw new RangeError(`[${caller}] expected features of one width, got ${train.width} and ${test.width}`);
  }
  for (const { values } of [train, test]) {
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) {
      throw new RangeError(
        `[${caller}] expected finite features, got ${values[at]} in row ${Math.floor(at / train.width)}`,
      );
    }
  }
  if (new Set(train.labels).size < 2) {
    throw new RangeError(
      `[${caller}] expected rows of at least 2 classes to learn from, got class ${train.labels[0]} alone`,
    );
  }
}
