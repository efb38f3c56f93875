// Ridge regression of classes: least squares of one column a class with weight decay, on standardized features. On pixels it is the
// cheapest answer that a network has to beat. Solved by conjugate gradients, so that neither the rows' nor the columns' products with
// one another are ever there. (Hoerl & Kennard 1970; Shewchuk 1994, section B3)
import type { Backend } from "@beitjs/tensor-core";
import { checkTables, standardize, type FeatureTable } from "./feature-table.ts";
import { heldOutRows } from "./held-out-rows.ts";
import { predictLogistic } from "./logistic-regression.ts";
import { gramOf, preconditionerOf, type Gram } from "./precondition.ts";
import { productsOf, type Products } from "./products.ts";
import { scoresOf, type ProbeScores } from "./scores.ts";

export type RidgeOptions = {
  /** Draws the rows that are held out to choose the strength. */
  readonly seed: number;
  /** Where large products run; without one all run on the host. */
  readonly backend?: Backend | undefined;
  /** Called at every product; what it throws ends the work. */
  readonly onStep?: (() => Promise<void> | void) | undefined;
};

export type RidgeScores = ProbeScores & {
  /** The chosen strength, of X^T X / N + l2; scikit-learn's alpha is l2 N. */
  readonly l2: number;
};

// Strengths as multiples of the mean curvature, strongest first.
const path = [100, 10, 1, 0.1, 0.01, 1e-3];
// Of the residual, relative to the first one; classes are settled long before.
const tolerance = 1e-4;
const mostIterations = 200;

/**
 * Learns from the rows of one table and measures on those of another. Where a class has one row alone there is nothing to choose the
 * strength by: it is the mean curvature.
 *
 * @throws RangeError for tables of other widths, without rows, or with one class alone to learn from
 */
export async function ridgeScores(
  train: FeatureTable,
  test: FeatureTable,
  options: RidgeOptions,
): Promise<RidgeScores> {
  checkTables("ridgeScores", train, test);
  const { train: scaled, others } = standardize(train, [test]);
  const classes = Math.max(...new Set(train.labels)) + 1;
  const l2 = meanCurvature(scaled) * (await chooseStrength(scaled, classes, options));
  const fit = await openFit(scaled, classes, options);
  const weights = await fit.solve(l2).finally(() => fit.dispose());
  const predicted = await predictLogistic(others[0], { weights, biases: fit.shares }, options.backend);
  return { ...scoresOf(predicted, test.labels), l2 };
}

// By the squared error of the held-out rows, from the strongest down, until it has risen twice in a row.
async function chooseStrength(table: FeatureTable, classes: number, options: RidgeOptions): Promise<number> {
  const parts = heldOutRows(table, options.seed);
  if (!parts) return 1;
  const { train, heldOut } = parts;
  const curvature = meanCurvature(train);
  const fit = await openFit(train, classes, options);
  const judge = productsOf(heldOut, classes, options.backend);
  try {
    let best = { strength: path[0], error: Infinity };
    let risen = 0;
    for (const strength of path) {
      const scores = await judge.logits(await fit.solve(strength * curvature));
      const error = squaredError(scores, heldOut.labels, fit.shares);
      if (error < best.error) [best, risen] = [{ strength, error }, 0];
      else risen++;
      if (risen === 2) break;
    }
    return best.strength;
  } finally {
    fit.dispose();
    judge.dispose();
  }
}

// Mean of the eigenvalues of X^T X / N that are not 0 for want of rows.
function meanCurvature({ values, width, labels }: FeatureTable): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  const { length } = labels;
  return Math.max(squares / length / Math.min(length, width), 1e-12);
}

function squaredError(scores: Float64Array, labels: Int32Array, shares: Float64Array): number {
  const classes = shares.length;
  return scores.reduce((sum, score, at) => {
    const k = at % classes;
    return sum + (score + shares[k] - (labels[Math.floor(at / classes)] === k ? 1 : 0)) ** 2;
  }, 0);
}

type Fit = {
  /** What each class's column is on average: the bias, as features have mean 0. [K] */
  readonly shares: Float64Array;
  /** Weights [K, D]; begins where the last one ended. */
  readonly solve: (l2: number) => Promise<Float64Array>;
  readonly dispose: () => void;
};

async function openFit(table: FeatureTable, classes: number, { backend, onStep }: RidgeOptions): Promise<Fit> {
  const { labels, width } = table;
  const rows = labels.length;
  const shares = new Float64Array(classes);
  for (const label of labels) shares[label] += 1 / rows;
  const targets = Float64Array.from({ length: rows * classes }, (_, at) => {
    const k = at % classes;
    return ((labels[Math.floor(at / classes)] === k ? 1 : 0) - shares[k]) / rows;
  });
  const products = productsOf(table, classes, backend);
  const aim = await products.gradient(targets);
  const gram = await gramOf(table, backend);
  let weights = new Float64Array(classes * width);
  return {
    shares,
    solve: async (l2) =>
      (weights = await conjugateGradients(weights, { products, aim, gram, classes, rows, l2, onStep })),
    dispose: products.dispose,
  };
}

type System = {
  readonly products: Products;
  /** X^T Y / N. [K, D] */
  readonly aim: Float64Array;
  readonly gram: Gram;
  readonly classes: number;
  readonly rows: number;
  readonly l2: number;
  readonly onStep: RidgeOptions["onStep"];
};

// Every class is a system of its own: they share the products, each has its own steps.
async function conjugateGradients(
  start: Float64Array,
  { products, aim, gram, classes, rows, l2, onStep }: System,
): Promise<Float64Array<ArrayBuffer>> {
  const width = aim.length / classes;
  // Its curvature is that of a logistic regression: least squares' times this share.
  const share = (1 - 1 / classes) / classes;
  const precondition = preconditionerOf(gram, { classes, width, l2: share * l2 });
  const times = async (vector: Float64Array): Promise<Float64Array> => {
    await onStep?.();
    const scores = (await products.logits(vector)).map((score) => score / rows);
    return (await products.gradient(scores)).map((value, i) => value + l2 * vector[i]);
  };
  const weights = Float64Array.from(start);
  const applied = await times(weights);
  const residual = aim.map((value, i) => value - applied[i]);
  const enough = dots(aim, aim, classes).map((square) => tolerance ** 2 * square);
  let conditioned = precondition(residual);
  const direction = Float64Array.from(conditioned);
  let slopes = dots(residual, conditioned, classes);
  for (let i = 0; i < mostIterations; i++) {
    if (dots(residual, residual, classes).every((square, k) => square <= enough[k])) break;
    const curved = await times(direction);
    const steps = ratios(slopes, dots(direction, curved, classes));
    for (let at = 0; at < weights.length; at++) {
      const step = steps[Math.floor(at / width)];
      weights[at] += step * direction[at];
      residual[at] -= step * curved[at];
    }
    conditioned = precondition(residual);
    const next = dots(residual, conditioned, classes);
    const kept = ratios(next, slopes);
    for (let at = 0; at < direction.length; at++)
      direction[at] = conditioned[at] + kept[Math.floor(at / width)] * direction[at];
    slopes = next;
  }
  return weights;
}

function dots(a: Float64Array, b: Float64Array, classes: number): Float64Array {
  const width = a.length / classes;
  const sums = new Float64Array(classes);
  for (let at = 0; at < a.length; at++) sums[Math.floor(at / width)] += a[at] * b[at];
  return sums;
}

// A class that is solved to the last digit, or has no rows, takes no more steps.
function ratios(above: Float64Array, below: Float64Array): Float64Array {
  return above.map((value, k) => (below[k] > 0 ? value / below[k] : 0));
}
