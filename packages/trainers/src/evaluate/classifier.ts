// What a classifier can do, measured on labeled images.
import { scope } from "@beitjs/tensor-core";
import { classLogits, encode, type Beit } from "@beitjs/beit-encoder";
import { evalView, type Dataset } from "../data/index.ts";
import type { Metrics } from "../validation.ts";
import { checkView, viewBatch } from "../view-batch.ts";
import { inOrder, type EvaluationOptions } from "./in-order.ts";

export type ClassifierScores = {
  readonly images: number;
  readonly accuracy: number;
  /** Mean cross-entropy of the true class, without label smoothing. */
  readonly loss: number;
  /** Share of images whose class is among the five most likely (among all, with fewer than five classes). */
  readonly top5: number;
  /** Rows: true class, columns: predicted class. */
  readonly confusion: readonly (readonly number[])[];
};

/** By what classifiers are compared. */
export const classifierMetrics: Metrics<ClassifierScores> = {
  accuracy: { better: "higher", of: ({ accuracy }) => accuracy },
  loss: { better: "lower", of: ({ loss }) => loss },
};

/** Accuracy and loss of a classifier on labeled images. */
export async function evaluateClassifier(
  beit: Beit,
  images: Dataset,
  { view, batchSize = 100, signal }: EvaluationOptions,
): Promise<ClassifierScores> {
  const { config, params } = beit;
  checkView("evaluateClassifier", view, config);
  const { backend } = params.classToken;
  const confusion = Array.from({ length: config.classes }, () => new Array<number>(config.classes).fill(0));
  let loss = 0;
  let right = 0;
  let amongFive = 0;
  const data = inOrder(images, batchSize, signal, ({ image, label }) => ({
    pixels: evalView(image, view),
    label: label as number,
  }));
  for await (const { items } of data) {
    const views = items.map(({ pixels }) => pixels);
    const logits = scope(backend, () => classLogits(beit, encode(beit, viewBatch(views, config, backend))));
    const values = await logits.read();
    logits.dispose();
    items.forEach(({ label }, i) => {
      const row = values.subarray(i * config.classes, (i + 1) * config.classes);
      const better = row.filter((logit, other) => logit > row[label] || (logit === row[label] && other < label)).length;
      loss += surprise(row, label);
      if (better === 0) right++;
      if (better < 5) amongFive++;
      confusion[label][row.indexOf(Math.max(...row))]++;
    });
  }
  const { length } = images;
  return { images: length, accuracy: right / length, loss: loss / length, top5: amongFive / length, confusion };
}

/** -log of the softmax at a place, in float64. */
function surprise(logits: ArrayLike<number>, place: number): number {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  return Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0)) - (logits[place] - largest);
}
