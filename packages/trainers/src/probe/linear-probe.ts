// What the features of a frozen encoder are worth to a linear classifier: logistic regression on standardized features, its weight
// decay chosen on a part of the training rows that is held out. Exact, without a rate or a schedule to tune. (dinov2, eval/log_regression.py)
import type { Backend } from "@beitjs/tensor-core";
import { checkTables, standardize, type FeatureTable } from "./feature-table.ts";
import { heldOutRows } from "./held-out-rows.ts";
import { fitLogistic, fitWith, logisticLoss, predictLogistic, type LogisticModel } from "./logistic-regression.ts";
import { gramOf, type Gram } from "./precondition.ts";
import { productsOf } from "./products.ts";
import { scoresOf, type ProbeScores } from "./scores.ts";

export type LinearProbeOptions = {
  /** Draws the rows that are held out. */
  readonly seed: number;
  /** Strengths of weight decay to choose from; by default 10 down to 1e-5, one a decade. */
  readonly l2?: readonly number[];
  /** Where large products run; without one all run on the host. */
  readonly backend?: Backend | undefined;
  /** Called at every evaluation; what it throws ends the work. */
  readonly onStep?: (() => Promise<void> | void) | undefined;
};

export type LinearProbeScores = ProbeScores & {
  /** The chosen strength; scikit-learn's C is 1 / (l2 N). */
  readonly l2: number;
  /** Of the part of the training rows that chose it; none where every class has one row. */
  readonly heldOutAccuracy?: number;
  readonly iterations: number;
  readonly converged: boolean;
};

const usualPath = [10, 1, 0.1, 0.01, 1e-3, 1e-4, 1e-5];
// While strengths are compared; the last fit goes on to the usual one.
const pathTolerance = 1e-4;

/**
 * Learns from the rows of one table and measures on those of another.
 *
 * @throws RangeError for tables of other widths, without rows, or with one class alone to learn from
 */
export async function linearProbe(
  train: FeatureTable,
  test: FeatureTable,
  options: LinearProbeOptions,
): Promise<LinearProbeScores> {
  checkTables("linearProbe", train, test);
  const present = [...new Set(train.labels)].sort((a, b) => a - b);
  const place = new Map(present.map((label, i) => [label, i]));
  // The bias of a class without rows would have no end.
  const compact = (labels: Int32Array) => labels.map((label) => place.get(label) ?? -1);
  const { train: scaled, others } = standardize({ ...train, labels: compact(train.labels) }, [test]);
  const { l2, start, gram, heldOutAccuracy } = await chooseL2(scaled, present.length, options);
  const { backend, onStep } = options;
  const model = await fitLogistic(scaled, {
    ...{ classes: present.length, l2, start, backend, onStep },
    ...(gram && { gram }),
  });
  const predicted = (await predictLogistic(others[0], model, backend)).map((k) => present[k]);
  const { iterations, converged } = model;
  return {
    ...scoresOf(predicted, test.labels),
    l2,
    ...(heldOutAccuracy !== undefined && { heldOutAccuracy }),
    iterations,
    converged,
  };
}

type Choice = {
  readonly l2: number;
  readonly start?: LogisticModel;
  readonly gram?: Gram;
  readonly heldOutAccuracy?: number;
};

// From the strongest down, each beginning where the one before ended, until the held-out loss has risen twice in a row.
async function chooseL2(table: FeatureTable, classes: number, options: LinearProbeOptions): Promise<Choice> {
  const path = [...(options.l2 ?? usualPath)].sort((a, b) => b - a);
  if (path.length === 1) return { l2: path[0] };
  const parts = heldOutRows(table, options.seed);
  // scikit-learn's usual C of 1, as there is nothing to choose by.
  if (!parts) return { l2: 1 / table.labels.length };
  const { backend, onStep } = options;
  const gram = await gramOf(parts.train, backend);
  const products = productsOf(parts.train, classes, backend);
  try {
    let best: { l2: number; loss: number; start: LogisticModel } | undefined;
    let [start, risen]: [LogisticModel | undefined, number] = [undefined, 0];
    for (const l2 of path) {
      start = await fitWith(products, parts.train, { classes, l2, start, gram, onStep, tolerance: pathTolerance });
      const loss = await logisticLoss(parts.heldOut, start, backend);
      if (best && !(loss < best.loss)) risen++;
      else [best, risen] = [{ l2, loss, start }, 0];
      if (risen === 2) break;
    }
    const { l2, start: chosen } = best as NonNullable<typeof best>;
    const predicted = await predictLogistic(parts.heldOut, chosen, backend);
    return { l2, start: chosen, gram, heldOutAccuracy: scoresOf(predicted, parts.heldOut.labels).accuracy };
  } finally {
    products.dispose();
  }
}
