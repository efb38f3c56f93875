// What a classifier can do, measured on labeled images: how often it is right, of which classes, how much its probabilities are to be
// believed, and where it is wrong and sure of it.
import { scope } from "@beitjs/tensor-core";
import { classLogits, encode, type Beit } from "@beitjs/beit-encoder";
import { evalView, type Dataset } from "../data/index.ts";
import type { Metrics } from "../validation.ts";
import { checkView, viewBatch } from "../view-batch.ts";
import { calibrationError, createCalibration, type CalibrationBin } from "./calibration.ts";
import { inOrder, type EvaluationOptions } from "./in-order.ts";

export type ClassifierScores = {
  readonly images: number;
  readonly accuracy: number;
  /** Mean cross-entropy of the true class, without label smoothing. */
  readonly loss: number;
  /** Share of images whose class is among the five most likely; with five classes or fewer it would say nothing, and is absent. */
  readonly top5?: number;
  /** Rows: true class, columns: predicted class. */
  readonly confusion: readonly (readonly number[])[];
  /** Share of each class's images that were classified rightly; null for a class without images. */
  readonly classAccuracy: readonly (number | null)[];
  /** Expected calibration error over 15 bins of equal width. (Guo et al. 2017) */
  readonly calibrationError: number;
  readonly calibration: readonly CalibrationBin[];
  /** The wrong answers that were given with the most confidence, as many as asked for. */
  readonly mistakes: readonly Mistake[];
};

export type Mistake = {
  /** Place in the dataset. */
  readonly index: number;
  readonly name: string;
  readonly label: number;
  readonly predicted: number;
  /** Of the predicted class. */
  readonly probability: number;
  /** Of the true one. */
  readonly trueProbability: number;
};

/** By what classifiers are compared. */
export const classifierMetrics: Metrics<ClassifierScores> = {
  accuracy: { better: "higher", of: ({ accuracy }) => accuracy },
  loss: { better: "lower", of: ({ loss }) => loss },
};

const topCount = 5;

/** Measures a classifier on labeled images. `mistakes`: how many wrong answers to tell of; none by default. */
export async function evaluateClassifier(
  beit: Beit,
  images: Dataset,
  { view, batchSize = 100, signal, mistakes: most = 0 }: EvaluationOptions & { readonly mistakes?: number },
): Promise<ClassifierScores> {
  const { config, params } = beit;
  checkView("evaluateClassifier", view, config);
  const { classes } = config;
  const { backend } = params.classToken;
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const calibration = createCalibration();
  let mistakes: Mistake[] = [];
  let [loss, right, amongFive] = [0, 0, 0];
  const data = inOrder(images, batchSize, signal, ({ image, label }) => ({
    pixels: evalView(image, view),
    label: label as number,
  }));
  for await (const { items, indices } of data) {
    const views = items.map(({ pixels }) => pixels);
    const logits = scope(backend, () => classLogits(beit, encode(beit, viewBatch(views, config, backend))));
    const values = await logits.read();
    logits.dispose();
    items.forEach(({ label }, i) => {
      const row = values.subarray(i * classes, (i + 1) * classes);
      const better = row.filter((logit, other) => logit > row[label] || (logit === row[label] && other < label)).length;
      const predicted = row.indexOf(Math.max(...row));
      const logSum = logSumExp(row);
      const [probability, trueProbability] = [predicted, label].map((place) => Math.exp(row[place] - logSum));
      loss += logSum - row[label];
      if (better === 0) right++;
      else
        mistakes.push({
          index: indices[i],
          name: images.name(indices[i]),
          label,
          predicted,
          probability,
          trueProbability,
        });
      if (better < topCount) amongFive++;
      confusion[label][predicted]++;
      calibration.add(probability, better === 0);
    });
    mistakes = mistakes.sort((a, b) => b.probability - a.probability || a.index - b.index).slice(0, most);
  }
  const { length } = images;
  return {
    images: length,
    accuracy: right / length,
    loss: loss / length,
    ...(classes > topCount && { top5: amongFive / length }),
    confusion,
    classAccuracy: confusion.map((row, label) => shareOf(row[label], row)),
    calibrationError: calibrationError(calibration.bins()),
    calibration: calibration.bins(),
    mistakes,
  };
}

function shareOf(part: number, counts: readonly number[]): number | null {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return all === 0 ? null : part / all;
}

/** In float64, the largest first taken out. */
function logSumExp(logits: ArrayLike<number>): number {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}
