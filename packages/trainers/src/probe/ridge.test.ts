// Ridge regression of classes against what defines it: the normal equations, solved directly.
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashUniform } from "@beitjs/tensor-core/testing";
import { afterAll, describe, expect, it } from "vitest";
import { standardize, type FeatureTable } from "./feature-table.ts";
import { ridgeScores } from "./ridge.ts";

const backend = await createSimdBackend({ threads: 1 });
afterAll(() => backend.dispose());

/** Rows around a center for each class, with noise as wide as they lie apart, and columns that say the same twice. */
function clusters(rows: number, { width = 8, classes = 3, seed = 1 } = {}): FeatureTable {
  const labels = Int32Array.from({ length: rows }, (_, i) => i % classes);
  const values = Float32Array.from({ length: rows * width }, (_, at) => {
    const [i, j] = [Math.floor(at / width), at % width];
    return (j % 5 === i % classes ? 1.5 : 0) + 3 * (hashUniform(seed, i * width + (j % 5)) - 0.5);
  });
  return { values, width, labels };
}

/** Classes by the normal equations of the standardized rows, by Gaussian elimination. */
function directly(train: FeatureTable, test: FeatureTable, l2: number): number[] {
  const { train: scaled, others } = standardize(train, [test]);
  const { width, values, labels } = scaled;
  const [rows, classes] = [labels.length, Math.max(...labels) + 1];
  const share = (k: number) => labels.filter((label) => label === k).length / rows;
  const system = Array.from({ length: width }, (_, a) => [
    ...Array.from({ length: width }, (__, b) => {
      let sum = a === b ? l2 * rows : 0;
      for (let i = 0; i < rows; i++) sum += values[i * width + a] * values[i * width + b];
      return sum;
    }),
    ...Array.from({ length: classes }, (__, k) => {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += values[i * width + a] * ((labels[i] === k ? 1 : 0) - share(k));
      return sum;
    }),
  ]);
  for (let a = 0; a < width; a++)
    for (let b = 0; b < width; b++) {
      if (a === b) continue;
      const factor = system[b][a] / system[a][a];
      system[b] = system[b].map((value, i) => value - factor * system[a][i]);
    }
  return Array.from(others[0].labels, (_, i) => {
    const scores = Array.from({ length: classes }, (__, k) => {
      let sum = share(k);
      for (let j = 0; j < width; j++) sum += (others[0].values[i * width + j] * system[j][width + k]) / system[j][j];
      return sum;
    });
    return scores.indexOf(Math.max(...scores));
  });
}

describe("ridgeScores", () => {
  const test = clusters(300, { seed: 2 });

  it.each([
    ["more rows than columns", 240],
    ["fewer", 6],
  ])("is the answer of the normal equations, with %s", async (_, rows) => {
    const train = clusters(rows);
    const { accuracy, confusion, l2 } = await ridgeScores(train, test, { seed: 0 });
    const expected = directly(train, test, l2);
    const right = expected.filter((label, i) => label === test.labels[i]).length;
    expect(accuracy).toBe(right / 300);
    expect(confusion[0][1]).toBe(expected.filter((label, i) => label === 1 && test.labels[i] === 0).length);
    expect(accuracy).toBeGreaterThan(0.5);
    expect(accuracy).toBeLessThan(1);
  });

  it("learns from one row a class, is the same every time, and with a backend", async () => {
    const few = clusters(3);
    const scores = await ridgeScores(few, test, { seed: 0 });
    expect(scores.accuracy).toBeGreaterThan(0.4);
    const wide = { width: 600, seed: 4 };
    const [many, others] = [clusters(600, wide), clusters(100, { ...wide, seed: 5 })];
    const first = await ridgeScores(many, others, { seed: 1, backend });
    expect(await ridgeScores(many, others, { seed: 1, backend })).toEqual(first);
    expect(first.accuracy).toBeGreaterThan(0.5);
  });

  it("refuses one class alone and tables of other widths", async () => {
    const alone = { ...clusters(4), labels: new Int32Array(4) };
    await expect(ridgeScores(alone, test, { seed: 0 })).rejects.toThrow(
      "[ridgeScores] expected rows of at least 2 classes",
    );
    await expect(ridgeScores(clusters(6, { width: 9 }), test, { seed: 0 })).rejects.toThrow("features of one width");
  });
});
