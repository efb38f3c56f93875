// Against scikit-learn's logistic regression and dinov2's formulas of nearest neighbors (tools/golden/probe/make.py).
import { readFileSync } from "node:fs";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { afterAll, describe, expect, it } from "vitest";
import type { FeatureTable } from "./feature-table.ts";
import { fitLogistic, fitWith, logisticLoss, predictLogistic } from "./logistic-regression.ts";
import { neighborPredictions } from "./nearest-neighbors.ts";
import { backendProducts } from "./products.ts";
import { scoresOf } from "./scores.ts";

type Rows = readonly (readonly number[])[];
type Fit = { l2: number; weights: Rows; biases: number[]; loss: number; accuracy: number };
type Logistic = { features: Rows; labels: number[]; test: Rows; testLabels: number[]; fits: Fit[] };
type Knn = {
  train: Rows;
  labels: number[];
  test: Rows;
  k: number;
  T: number;
  softmaxProbabilities: Rows;
  predicted: number[];
};

const golden = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../../../tools/golden/probe/${name}.json`, import.meta.url), "utf8")) as T;
const table = (rows: Rows, labels: readonly number[]): FeatureTable => ({
  values: Float32Array.from(rows.flat()),
  width: rows[0].length,
  labels: Int32Array.from(labels),
});
const simd = await createSimdBackend({ threads: 1 });
afterAll(() => simd.dispose());

function farthest(got: ArrayLike<number>, expected: readonly number[]): number {
  expect(got).toHaveLength(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(got[i] - value)));
}

describe("fitLogistic", () => {
  const { features, labels, test, testLabels, fits } = golden<Logistic>("logistic");
  const train = table(features, labels);

  it.each(fits)("has scikit-learn's weights with l2 $l2", async ({ l2, weights, biases, loss, accuracy }) => {
    const model = await fitLogistic(train, { classes: 3, l2, tolerance: 1e-10 });
    expect(model.converged).toBe(true);
    // Features are float32 here: 6 digits behind the point of values below 4.
    expect(farthest(model.weights, weights.flat())).toBeLessThan(2e-5);
    // Equal shifts of all biases change nothing; theirs add up to 0.
    const mean = model.biases.reduce((a, b) => a + b) / 3;
    expect(
      farthest(
        model.biases.map((b) => b - mean),
        biases,
      ),
    ).toBeLessThan(2e-5);
    expect(await logisticLoss(train, model)).toBeCloseTo(loss, 7);
    expect(scoresOf(await predictLogistic(table(test, testLabels), model), Int32Array.from(testLabels)).accuracy).toBe(
      accuracy,
    );
  });

  it("is the same to float32 where a backend multiplies", async () => {
    const products = backendProducts(train, 3, simd);
    const model = await fitWith(products, train, { classes: 3, l2: 0.01, tolerance: 1e-5 });
    products.dispose();
    expect(farthest(model.weights, fits[1].weights.flat())).toBeLessThan(1e-3);
  });
});

describe("neighborPredictions", () => {
  const { train, labels, test, k, T, softmaxProbabilities, predicted } = golden<Knn>("knn");
  const tables = [table(train, labels), table(test, predicted)] as const;

  it.each([
    ["simd", simd],
    ["reference", createReferenceBackend()],
  ] as const)("has dinov2's shares of votes on %s", async (_, backend) => {
    const found = await neighborPredictions(...tables, { k, temperature: T, backend });
    expect(Array.from(found.predicted)).toEqual(predicted);
    // A similarity is float32, and divided by 0.07.
    expect(farthest(found.probabilities, softmaxProbabilities.flat())).toBeLessThan(3e-6);
  });
});
