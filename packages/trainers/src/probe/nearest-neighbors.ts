// Classes by the most similar training images: cosine similarity, each of the k nearest votes with exp(similarity / T). (Wu et al. 2018,
// "Unsupervised feature learning via non-parametric instance discrimination", section 3.4; k 20 and T 0.07 as DINO quotes it)
// Similarities are computed block by block with a running list of the nearest: the whole matrix is never there.
import { scope, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { matmul } from "@beitjs/tensor-core/ops";
import { checkTables, type FeatureTable } from "./feature-table.ts";
import { createNearest, type Nearest } from "./running-nearest.ts";
import { scoresOf, type ProbeScores } from "./scores.ts";

export type NeighborOptions = {
  /** How many of the nearest vote; 20 by default. */
  readonly k?: number;
  /** How much a nearer one counts for more; 0.07 by default. */
  readonly temperature?: number;
  /** Where similarities are computed. */
  readonly backend: Backend;
  /** The tables are one and the same: a row is no neighbor of its own. */
  readonly leaveOneOut?: boolean;
  /** Called between blocks; what it throws ends the work. */
  readonly onStep?: (() => Promise<void> | void) | undefined;
};

export type NeighborPredictions = {
  /** The class with the most votes, the smaller of equals. [Q] */
  readonly predicted: Int32Array;
  /** Shares of the votes. [Q, classes] */
  readonly probabilities: Float64Array;
  readonly classes: number;
};

// Of a size that does not depend on the tables, so that a row's similarities do not depend on its neighbors in a block.
const trainRows = 4096;
const testRows = 512;

/** Accuracy of the nearest neighbors; see `neighborPredictions`. */
export async function neighborScores(
  train: FeatureTable,
  test: FeatureTable,
  options: NeighborOptions,
): Promise<ProbeScores> {
  return scoresOf((await neighborPredictions(train, test, options)).predicted, test.labels);
}

/**
 * Classes of the rows of `test` by their nearest rows of `train`.
 *
 * @throws RangeError for a k that is none or above the number of rows, a temperature that is not above 0, tables that do not fit
 */
export async function neighborPredictions(
  train: FeatureTable,
  test: FeatureTable,
  { k = 20, temperature = 0.07, backend, leaveOneOut = false, onStep }: NeighborOptions,
): Promise<NeighborPredictions> {
  checkTables("neighborPredictions", train, test);
  const most = train.labels.length - (leaveOneOut ? 1 : 0);
  if (!(Number.isInteger(k) && k >= 1 && k <= most)) {
    throw new RangeError(`[neighborPredictions] expected k of 1 to ${most}, the images to learn from, got ${k}`);
  }
  if (!(temperature > 0)) {
    throw new RangeError(`[neighborPredictions] expected a temperature above 0, got ${temperature}`);
  }
  return vote(await nearest(train, test, { k, backend, leaveOneOut, onStep }), train.labels, temperature);
}

type Search = { k: number; backend: Backend; leaveOneOut: boolean; onStep: NeighborOptions["onStep"] };

async function nearest(train: FeatureTable, test: FeatureTable, options: Search): Promise<Nearest> {
  const { k, backend, leaveOneOut, onStep } = options;
  const [{ width }, queries] = [train, test.labels.length];
  const found = createNearest(queries, k);
  for (let from = 0; from < train.labels.length; from += trainRows) {
    const columns = tensor(transposed(unitRows(train, from, trainRows), width), [width, trainRows], backend);
    try {
      for (let first = 0; first < queries; first += testRows) {
        await onStep?.();
        const block = await similarities(unitRows(test, first, testRows), columns);
        const [rows, count] = [queries - first, train.labels.length - from].map((left, i) =>
          Math.min(left, [testRows, trainRows][i]),
        );
        for (let i = 0; i < rows; i++) {
          const own = leaveOneOut ? first + i - from : -1;
          found.offer(first + i, block, { at: i * trainRows, count, from, except: own });
        }
      }
    } finally {
      columns.dispose();
    }
  }
  return found.sorted();
}

async function similarities(rows: Float32Array, columns: Tensor): Promise<ArrayLike<number>> {
  const { backend, shape } = columns;
  const block = scope(backend, () => matmul(tensor(rows, [testRows, shape[0]], backend), columns));
  return block.read("float32").finally(() => block.dispose());
}

// Rows of length 1 from a place on, as many as asked for; zeros behind the last one. A row of zeros stays one: similar to nothing.
function unitRows({ values, width }: FeatureTable, from: number, count: number): Float32Array {
  const rows = new Float32Array(count * width);
  rows.set(values.subarray(from * width, (from + count) * width));
  for (let at = 0; at < rows.length; at += width) {
    let squares = 0;
    for (let j = at; j < at + width; j++) squares += rows[j] * rows[j];
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let j = at; j < at + width; j++) rows[j] *= scale;
  }
  return rows;
}

function transposed(rows: Float32Array, width: number): Float32Array {
  const count = rows.length / width;
  const turned = new Float32Array(rows.length);
  for (let i = 0; i < count; i++) for (let j = 0; j < width; j++) turned[j * count + i] = rows[i * width + j];
  return turned;
}

// Weights relative to the nearest one's: with a low temperature all of them could be beyond what a number holds.
function vote({ k, indices, similarities }: Nearest, labels: Int32Array, temperature: number): NeighborPredictions {
  const queries = indices.length / k;
  const classes = Math.max(...new Set(labels)) + 1;
  const probabilities = new Float64Array(queries * classes);
  const predicted = new Int32Array(queries);
  for (let q = 0; q < queries; q++) {
    let sum = 0;
    for (let i = q * k; i < (q + 1) * k; i++) {
      const weight = Math.exp((similarities[i] - similarities[q * k]) / temperature);
      probabilities[q * classes + labels[indices[i]]] += weight;
      sum += weight;
    }
    const own = probabilities.subarray(q * classes, (q + 1) * classes);
    own.forEach((value, label) => {
      if (value > own[predicted[q]]) predicted[q] = label;
    });
    for (let label = 0; label < classes; label++) own[label] /= sum;
  }
  return { predicted, probabilities, classes };
}
