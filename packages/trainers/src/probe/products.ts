// The two products of a logistic regression with its features: logits, and the gradient of the weights. In float64 on the host where
// they are small; by the backend in float32 where they are large, piece by piece, the pieces added up in float64.
import { scope, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { matmul } from "@beitjs/tensor-core/ops";
import type { FeatureTable } from "./feature-table.ts";

export type Products = {
  /** X W^T. weights [K, D] -> [N, K] */
  readonly logits: (weights: Float64Array) => Promise<Float64Array>;
  /** G^T X. [N, K] -> [K, D] */
  readonly gradient: (ofLogits: Float64Array) => Promise<Float64Array>;
  /** What rounding may do to a mean of logits, relative to it. */
  readonly rounding: number;
  readonly dispose: () => void;
};

// Multiply-adds of a product: below, the host's loop takes milliseconds, and the way to the backend and back as long.
const worthBackend = 2 ** 20;
const rowsOfPiece = 8192;

/** Products of a table's rows with weights of `classes` classes. Which way is taken depends on sizes alone. */
export function productsOf(table: FeatureTable, classes: number, backend: Backend | undefined): Products {
  if (!backend || table.values.length * classes < worthBackend) return hostProducts(table, classes);
  return backendProducts(table, classes, backend);
}

function hostProducts({ values, width }: FeatureTable, classes: number): Products {
  const rows = values.length / width;
  return {
    rounding: 2 ** -50,
    logits: async (weights) => {
      const result = new Float64Array(rows * classes);
      const row = new Float64Array(width);
      for (let i = 0; i < rows; i++) {
        row.set(values.subarray(i * width, (i + 1) * width));
        for (let k = 0; k < classes; k++) result[i * classes + k] = dotAt(row, weights, k * width);
      }
      return result;
    },
    gradient: async (ofLogits) => {
      const result = new Float64Array(classes * width);
      const row = new Float64Array(width);
      for (let i = 0; i < rows; i++) {
        row.set(values.subarray(i * width, (i + 1) * width));
        for (let k = 0; k < classes; k++) addAt(result, k * width, ofLogits[i * classes + k], row);
      }
      return result;
    },
    dispose() {},
  };
}

// Four sums at a time, so that none waits for the one before.
function dotAt(row: Float64Array, weights: Float64Array, at: number): number {
  const whole = row.length - (row.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let j = 0; j < whole; j += 4) {
    a += row[j] * weights[at + j];
    b += row[j + 1] * weights[at + j + 1];
    c += row[j + 2] * weights[at + j + 2];
    d += row[j + 3] * weights[at + j + 3];
  }
  for (let j = whole; j < row.length; j++) a += row[j] * weights[at + j];
  return a + b + (c + d);
}

function addAt(to: Float64Array, at: number, factor: number, row: Float64Array): void {
  for (let j = 0; j < row.length; j++) to[at + j] += factor * row[j];
}

/** @internal */
export function backendProducts({ values, width }: FeatureTable, classes: number, backend: Backend): Products {
  const rows = values.length / width;
  const pieces: { readonly from: number; readonly count: number; readonly features: Tensor }[] = [];
  for (let from = 0; from < rows; from += rowsOfPiece) {
    const count = Math.min(rowsOfPiece, rows - from);
    const features = tensor(values.slice(from * width, (from + count) * width), [count, width], backend);
    pieces.push({ from, count, features });
  }
  const read = async (work: () => Tensor): Promise<ArrayLike<number>> => {
    const result = scope(backend, work);
    return result.read("float32").finally(() => result.dispose());
  };
  return {
    rounding: 2 ** -24,
    logits: async (weights) => {
      const turned = transposed(weights, width, 0, classes);
      const result = new Float64Array(rows * classes);
      for (const { from, features } of pieces) {
        result.set(await read(() => matmul(features, tensor(turned, [width, classes], backend))), from * classes);
      }
      return result;
    },
    gradient: async (ofLogits) => {
      const result = new Float64Array(classes * width);
      for (const { from, count, features } of pieces) {
        const turned = transposed(ofLogits, classes, from, count);
        const sums = await read(() => matmul(tensor(turned, [classes, count], backend), features));
        for (let i = 0; i < result.length; i++) result[i] += sums[i];
      }
      return result;
    },
    dispose: () => pieces.forEach(({ features }) => features.dispose()),
  };
}

// Rows from..from + count of [N, columns] as [columns, count].
function transposed(values: Float64Array, columns: number, from: number, count: number): Float32Array {
  const result = new Float32Array(columns * count);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < columns; j++) result[j * count + i] = values[(from + i) * columns + j];
  return result;
}
