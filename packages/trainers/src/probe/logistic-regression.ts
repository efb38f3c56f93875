// Multinomial logistic regression: mean cross-entropy plus l2 / 2 times the squares of the weights, biases free. The problem is convex:
// its one answer does not depend on the way there. scikit-learn's C is 1 / (l2 N).
import type { Backend } from "@beitjs/tensor-core";
import type { FeatureTable } from "./feature-table.ts";
import { minimize, type Objective } from "./minimize.ts";
import { gramOf, preconditionerOf, type Gram } from "./precondition.ts";
import { productsOf, type Products } from "./products.ts";

export type LogisticModel = {
  /** [K, D] */
  readonly weights: Float64Array;
  /** [K] */
  readonly biases: Float64Array;
  readonly iterations: number;
  /** Whether the gradient became as small as asked for. */
  readonly converged: boolean;
};

export type LogisticOptions = {
  /** K; labels are below it. */
  readonly classes: number;
  readonly l2: number;
  /** Where to begin; zeros by default. */
  readonly start?: Pick<LogisticModel, "weights" | "biases"> | undefined;
  /** Largest component of the gradient at the end; default 1e-6. */
  readonly tolerance?: number;
  /** Products of the features' columns, where they are known: what makes it quick. */
  readonly gram?: Gram;
  /** Default 1000. */
  readonly maxIterations?: number;
  /** Where large products run; without one all run on the host. */
  readonly backend?: Backend | undefined;
  /** Called at every evaluation; what it throws ends the work. */
  readonly onStep?: (() => Promise<void> | void) | undefined;
};

/** Fits a logistic regression, from zeros or another's weights. */
export async function fitLogistic(table: FeatureTable, options: LogisticOptions): Promise<LogisticModel> {
  const products = productsOf(table, options.classes, options.backend);
  try {
    return await fitWith(products, table, { gram: await gramOf(table, options.backend), ...options });
  } finally {
    products.dispose();
  }
}

/** @internal The same where several fits share the products. */
export async function fitWith(
  products: Products,
  { labels, width }: FeatureTable,
  { classes, l2, start, gram, tolerance = 1e-6, maxIterations = 1000, onStep }: LogisticOptions,
): Promise<LogisticModel> {
  const size = classes * width;
  const begin = new Float64Array(size + classes);
  if (start) {
    begin.set(start.weights);
    begin.set(start.biases, size);
  }
  const objective: Objective = async (point) => {
    await onStep?.();
    const weights = point.subarray(0, size);
    const logits = await products.logits(weights);
    const { loss, biasGradient } = lossInPlace(logits, labels, point.subarray(size));
    const gradient = new Float64Array(point.length);
    gradient.set(await products.gradient(logits));
    gradient.set(biasGradient, size);
    let squares = 0;
    for (let i = 0; i < size; i++) {
      gradient[i] += l2 * weights[i];
      squares += weights[i] * weights[i];
    }
    return { value: loss + (l2 / 2) * squares, gradient };
  };
  const { point, iterations, converged } = await minimize(objective, begin, {
    tolerance,
    maxIterations,
    rounding: products.rounding,
    precondition: gram && preconditionerOf(gram, { classes, width, l2 }),
  });
  return { weights: point.subarray(0, size), biases: point.subarray(size), iterations, converged };
}

// Mean cross-entropy; the logits become their own gradient.
function lossInPlace(
  logits: Float64Array,
  labels: Int32Array,
  biases: Float64Array,
): { readonly loss: number; readonly biasGradient: Float64Array } {
  const [rows, classes] = [labels.length, biases.length];
  const biasGradient = new Float64Array(classes);
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    const at = i * classes;
    let most = -Infinity;
    for (let k = 0; k < classes; k++) most = Math.max(most, (logits[at + k] += biases[k]));
    const own = logits[at + labels[i]] - most;
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += logits[at + k] = Math.exp(logits[at + k] - most);
    loss += Math.log(sum) - own;
    for (let k = 0; k < classes; k++) {
      const g = (logits[at + k] / sum - (k === labels[i] ? 1 : 0)) / rows;
      logits[at + k] = g;
      biasGradient[k] += g;
    }
  }
  return { loss: loss / rows, biasGradient };
}

type Weights = Pick<LogisticModel, "weights" | "biases">;

/** The likeliest class of every row, the smaller of equals. */
export async function predictLogistic(table: FeatureTable, model: Weights, backend?: Backend): Promise<Int32Array> {
  const { biases } = model;
  const classes = biases.length;
  const logits = await logitsOf(table, model, backend);
  return Int32Array.from(table.labels, (_, i) => {
    let best = 0;
    for (let k = 1; k < classes; k++) {
      if (logits[i * classes + k] + biases[k] > logits[i * classes + best] + biases[best]) best = k;
    }
    return best;
  });
}

/** Mean cross-entropy of the rows' classes. */
export async function logisticLoss(table: FeatureTable, model: Weights, backend?: Backend): Promise<number> {
  return lossInPlace(await logitsOf(table, model, backend), table.labels, model.biases).loss;
}

// Without the biases.
async function logitsOf(table: FeatureTable, model: Weights, backend: Backend | undefined): Promise<Float64Array> {
  const products = productsOf(table, model.biases.length, backend);
  return products.logits(model.weights).finally(() => products.dispose());
}
