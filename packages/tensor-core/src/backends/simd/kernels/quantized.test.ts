// Products of whole numbers: every output within the bound that half a step of either factor gives, on every build.
import { afterAll, describe, expect, it } from "vitest";
import { conv2d, linear, meanSquaredError } from "../../../ops/index.ts";
import { scope, tensor, valueAndGradient } from "../../../index.ts";
import { hashSigned } from "../../../testing/hash.ts";
import { createReferenceBackend } from "../../reference/index.ts";
import { createSimdBackend, type SimdOptions } from "../index.ts";
import type { IntegerPrecision } from "./quantized.ts";

const reference = createReferenceBackend();
const options: readonly (SimdOptions & { readonly precision: IntegerPrecision })[] = [
  { precision: "int16", build: "base", threads: 1 },
  { precision: "int16", build: "relaxed", threads: 3, v8Flags: true },
  { precision: "int16", build: "wide", threads: 2, v8Flags: true },
  { precision: "int8", build: "relaxed", threads: 1, v8Flags: true },
  { precision: "int8", build: "wide", threads: 3, v8Flags: true },
];
const backends = await Promise.all(options.map((one) => createSimdBackend(one)));
afterAll(() => backends.forEach((backend) => backend.dispose()));

// Largest whole numbers of a row of x (with values below zero, and without) and of a row of the weight.
const limits = {
  int16: { signed: 5792, positive: 5792, weight: 5792 },
  int8: { signed: 63, positive: 127, weight: 127 },
} as const satisfies Record<IntegerPrecision, object>;

/** What the error of a product depends on: a row's largest value, the sum of its values, whether any is below zero. */
type Row = { readonly most: number; readonly norm: number; readonly isSigned: boolean; readonly length: number };

function rowOf(values: Float32Array): Row {
  let [most, norm] = [0, 0];
  for (const value of values) {
    most = Math.max(most, Math.abs(value));
    norm += Math.abs(value);
  }
  return { most, norm, isSigned: values.some((value) => value < 0), length: values.length };
}

/** The largest |error| of the product of two rows. */
function errorBound(x: Row, w: Row, precision: IntegerPrecision): number {
  const { signed, positive, weight } = limits[precision];
  const stepX = x.most / (x.isSigned ? signed : positive);
  const stepW = w.most / weight;
  const steps = 0.5 * stepX * w.norm + 0.5 * stepW * (x.norm + 0.5 * stepX * x.length);
  return 1.0001 * steps + 1e-6 * (x.most * w.norm);
}

function values(length: number, seed: number, positive = false): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    const value = hashSigned(seed, i) * (1 + (i % 3));
    return positive ? Math.max(0, value) : value;
  });
}

type Case = { readonly M: number; readonly N: number; readonly K: number; readonly positive?: boolean };
// One by one, tails everywhere, more than a block of rows, than a block of depth, than a part of rows.
const cases: readonly Case[] = [
  { M: 1, N: 1, K: 1 },
  { M: 3, N: 5, K: 7 },
  { M: 7, N: 17, K: 64 },
  { M: 131, N: 33, K: 1030 },
  { M: 5, N: 24, K: 2100, positive: true },
  { M: 262, N: 9, K: 16400 },
];

describe.each(backends)("$precision, build $build, $threads threads", (backend) => {
  const precision = backend.precision as IntegerPrecision;

  it.each(cases)("linear layers of $M x $K by $K x $N", ({ M, N, K, positive }) => {
    const [x, w, b] = [values(M * K, 1, positive), values(N * K, 2), values(N, 3)];
    const y = scope(backend, () =>
      linear(tensor(x, [M, K], backend), {
        weight: tensor(w, [N, K], backend),
        bias: tensor(b, [N], backend),
      }).readSync(),
    );
    let worst = 0;
    const columns = Array.from({ length: N }, (_, n) => rowOf(w.subarray(n * K, (n + 1) * K)));
    for (let m = 0; m < M; m++) {
      const row = x.subarray(m * K, (m + 1) * K);
      const ofRow = rowOf(row);
      for (let n = 0; n < N; n++) {
        const column = w.subarray(n * K, (n + 1) * K);
        let sum = b[n];
        for (let k = 0; k < K; k++) sum += row[k] * column[k];
        worst = Math.max(worst, Math.abs(y[m * N + n] - sum) / errorBound(ofRow, columns[n], precision));
      }
    }
    expect(worst).toBeLessThan(1);
    expect(backend.memory().tensors).toBe(0);
  });

  it.each([
    { size: 9, kernel: 3, stride: 1, padding: 1 },
    { size: 8, kernel: 4, stride: 2, padding: 1 },
    { size: 40, kernel: 1, stride: 1, padding: 0 },
  ])("convolutions of $size pixels with filters of $kernel", ({ size, kernel, stride, padding }) => {
    const [batch, channels, outputs] = [2, 11, 19];
    const x = values(batch * size * size * channels, 4, true);
    const w = values(outputs * kernel * kernel * channels, 5);
    const run = (on: typeof backend | typeof reference) =>
      scope(on, () => {
        const images = tensor(x, [batch, size, size, channels], on);
        const filter = tensor(w, [outputs, kernel, kernel, channels], on);
        return conv2d(images, { filter }, { stride, padding }).readSync();
      });
    const [got, wanted] = [run(backend), run(reference)];
    // No window is larger than this one.
    const window = rowOf(new Float32Array(kernel * kernel * channels).fill(3));
    const depth = window.length;
    const bound = (n: number): number => errorBound(window, rowOf(w.subarray(n * depth, (n + 1) * depth)), precision);
    const errors = Array.from(got, (value, i) => Math.abs(value - wanted[i]) / bound(i % outputs));
    expect(Math.max(...errors)).toBeLessThan(1);
    // It was a product of whole numbers indeed.
    expect(Math.max(...errors)).toBeGreaterThan(1e-4);
  });

  it("is float32 for weights in training, and packs again what was written to", () => {
    const [x, w] = [values(6 * 32, 6), values(10 * 32, 7)];
    const exact = scope(reference, () =>
      linear(tensor(x, [6, 32], reference), { weight: tensor(w, [10, 32], reference) }).readSync(),
    );
    const largest = (y: ArrayLike<number>): number => Math.max(...exact.map((value, i) => Math.abs(value - y[i])));
    const weight = tensor(w, [10, 32], backend);
    const images = tensor(x, [6, 32], backend);
    let trained: ArrayLike<number> = [];
    const target = tensor(new Float32Array(60), [6, 10], backend);
    valueAndGradient({ weight }, (params) => {
      const y = linear(images, params);
      trained = y.readSync();
      return { loss: meanSquaredError(y, target) };
    });
    expect(largest(trained)).toBeLessThan(1e-5);
    expect(largest(linear(images, { weight }).readSync())).toBeGreaterThan(1e-5);
    backend.write(weight.storage.handle, new Float32Array(320));
    weight.storage.version++;
    expect([...linear(images, { weight }).readSync()]).toEqual(Array(60).fill(0));
  });
});
