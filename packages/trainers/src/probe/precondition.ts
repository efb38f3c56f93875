// What makes L-BFGS quick where columns are correlated, as those of features are: the curvature of a logistic regression is near that of
// least squares, c X^T X / N + l2, the same for every class. It changes the way to the minimum, not the minimum.
import { scope, tensor, type Backend } from "@beitjs/tensor-core";
import { matmul } from "@beitjs/tensor-core/ops";
import type { FeatureTable } from "./feature-table.ts";

/** Products of columns, X^T X / N, of blocks of neighboring columns; what is between blocks is left out. */
export type Gram = readonly { readonly from: number; readonly size: number; readonly values: Float64Array }[];

/** An approximate inverse of the curvature, times a vector of weights [K, D] and biases [K]. */
export type Preconditioner = (vector: Float64Array) => Float64Array;

// Its factors take size^3 / 3 steps and its use size^2; rows beyond so many say nothing new.
const mostColumns = 512;
const mostRows = 8192;
const worthBackend = 2 ** 22;

export async function gramOf(table: FeatureTable, backend: Backend | undefined): Promise<Gram> {
  const { width, labels } = table;
  const count = Math.ceil(width / mostColumns);
  const stride = Math.ceil(labels.length / mostRows);
  const blocks: { from: number; size: number; values: Float64Array }[] = [];
  for (let i = 0; i < count; i++) {
    const [from, to] = [Math.floor((i * width) / count), Math.floor(((i + 1) * width) / count)];
    const columns = turnedColumns(table, { from, size: to - from, stride });
    const values = await columnProducts(columns, to - from, backend);
    blocks.push({ from, size: to - from, values });
  }
  return blocks;
}

// Every stride-th row's columns from..from + size, as [size, rows].
function turnedColumns(
  { values, width, labels }: FeatureTable,
  { from, size, stride }: { readonly from: number; readonly size: number; readonly stride: number },
): Float32Array {
  const rows = Math.ceil(labels.length / stride);
  const turned = new Float32Array(size * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < size; j++) turned[j * rows + i] = values[i * stride * width + from + j];
  return turned;
}

async function columnProducts(turned: Float32Array, size: number, backend: Backend | undefined): Promise<Float64Array> {
  const rows = turned.length / size;
  if (backend && size * turned.length >= worthBackend) {
    const plain = new Float32Array(turned.length);
    for (let j = 0; j < size; j++) for (let i = 0; i < rows; i++) plain[i * size + j] = turned[j * rows + i];
    const product = scope(backend, () =>
      matmul(tensor(turned, [size, rows], backend), tensor(plain, [rows, size], backend)),
    );
    const sums = await product.read("float32").finally(() => product.dispose());
    return Float64Array.from(sums, (sum) => sum / rows);
  }
  const values = new Float64Array(size * size);
  for (let j = 0; j < size; j++) {
    for (let k = 0; k <= j; k++) {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += turned[j * rows + i] * turned[k * rows + i];
      values[j * size + k] = values[k * size + j] = sum / rows;
    }
  }
  return values;
}

/** The inverse of a Gram matrix's curvature with so much weight decay. */
export function preconditionerOf(
  gram: Gram,
  { classes, width, l2 }: { readonly classes: number; readonly width: number; readonly l2: number },
): Preconditioner {
  // p (1 - p) where all classes are as likely.
  const share = (1 - 1 / classes) / classes;
  const factors = gram.map(({ from, size, values }) => ({ from, size, lower: cholesky(values, size, share, l2) }));
  return (vector) => {
    const result = vector.slice();
    for (let k = 0; k < classes; k++)
      for (const { from, size, lower } of factors)
        solve(lower, result.subarray(k * width + from, k * width + from + size));
    for (let i = classes * width; i < result.length; i++) result[i] /= share;
    return result;
  };
}

// Lower triangle L of L L^T = share A + l2. A little is added to the diagonal: columns may depend on one another.
function cholesky(values: Float64Array, size: number, share: number, l2: number): Float64Array {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = share * values[i * size + j];
      if (i === j) sum += l2 + 1e-6 * share;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k] * lower[j * size + k];
      lower[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-7 * share)) : sum / lower[j * size + j];
    }
  }
  return lower;
}

function solve(lower: Float64Array, x: Float64Array): void {
  const size = x.length;
  for (let i = 0; i < size; i++) {
    let sum = x[i];
    for (let j = 0; j < i; j++) sum -= lower[i * size + j] * x[j];
    x[i] = sum / lower[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    const value = (x[i] /= lower[i * size + i]);
    for (let j = 0; j < i; j++) x[j] -= lower[i * size + j] * value;
  }
}
