// What a classifier of several labels an image can do: how well each class's images come before the others, and how often a yes or no
// is right.
import { scope } from "@beitjs/tensor-core";
import { classLogits, encode, type Beit } from "@beitjs/beit-encoder";
import { evalView, labelsAt, type Dataset } from "../data/index.ts";
import type { Metrics } from "../validation.ts";
import { checkView, viewBatch } from "../view-batch.ts";
import { averagePrecision } from "./average-precision.ts";
import { inOrder, type EvaluationOptions } from "./in-order.ts";

export type MultiLabelScores = {
  readonly images: number;
  /** Mean over classes of their average precision, those left out that no image has: mAP. */
  readonly meanAveragePrecision: number;
  /** Average precision of all pairs of image and class together. */
  readonly microAveragePrecision: number;
  /** Of every class; null for one that no image has. */
  readonly classAveragePrecision: readonly (number | null)[];
  /** Share of pairs of image and class that are decided rightly where a probability above 0.5 says yes. */
  readonly accuracy: number;
  /** Mean binary cross-entropy, without label smoothing and weights. */
  readonly loss: number;
};

/** By what classifiers of several labels are compared. */
export const multiLabelMetrics: Metrics<MultiLabelScores> = {
  meanAveragePrecision: { better: "higher", of: ({ meanAveragePrecision }) => meanAveragePrecision },
  microAveragePrecision: { better: "higher", of: ({ microAveragePrecision }) => microAveragePrecision },
  loss: { better: "lower", of: ({ loss }) => loss },
};

/** Measures a classifier on images with any number of labels. */
export async function evaluateMultiLabel(
  beit: Beit,
  images: Dataset,
  { view, batchSize = 100, signal }: EvaluationOptions,
): Promise<MultiLabelScores> {
  const { config, params } = beit;
  checkView("evaluateMultiLabel", view, config);
  const { backend } = params.classToken;
  const { classes } = config;
  const logits = new Float32Array(images.length * classes);
  const positive = new Uint8Array(images.length * classes);
  let at = 0;
  const data = inOrder(images, batchSize, signal, ({ image }, { index }) => ({ pixels: evalView(image, view), index }));
  for await (const { items } of data) {
    const views = items.map(({ pixels }) => pixels);
    const result = scope(backend, () => classLogits(beit, encode(beit, viewBatch(views, config, backend))));
    logits.set(await result.read(), at);
    result.dispose();
    items.forEach(({ index }, i) =>
      labelsAt(images, index).forEach((label) => (positive[at + i * classes + label] = 1)),
    );
    at += items.length * classes;
  }
  return multiLabelScores(logits, positive, classes);
}

/** Scores of logits [images, classes], where `positive` says which labels are there. */
export function multiLabelScores(logits: Float32Array, positive: Uint8Array, classes: number): MultiLabelScores {
  const column = <T extends Float32Array | Uint8Array>(values: T, k: number) =>
    values.filter((_, i) => i % classes === k);
  const each = Array.from({ length: classes }, (_, k) => averagePrecision(column(logits, k), column(positive, k)));
  const known = each.filter((one) => one !== undefined);
  let [right, loss] = [0, 0];
  logits.forEach((logit, i) => {
    if (logit > 0 === (positive[i] === 1)) right++;
    loss += Math.max(logit, 0) - logit * positive[i] + Math.log1p(Math.exp(-Math.abs(logit)));
  });
  return {
    images: logits.length / classes,
    meanAveragePrecision: known.reduce((sum, one) => sum + one, 0) / known.length,
    microAveragePrecision: averagePrecision(logits, positive) ?? Number.NaN,
    classAveragePrecision: each.map((one) => one ?? null),
    accuracy: right / logits.length,
    loss: loss / logits.length,
  };
}
