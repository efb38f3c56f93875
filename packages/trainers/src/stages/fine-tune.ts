// Stage 3: supervised training of the whole network on labeled images, from a pre-trained encoder or from scratch.
// (BEiT §2.6; layer decay after ELECTRA: lower blocks move less)
import type { Backend } from "@beitjs/tensor-core";
import { createRng, streams } from "@beitjs/tensor-core/random";
import {
  classLogits,
  encode,
  initBeitClassifier,
  layerDecayRules,
  toClassifier,
  weightDecayRules,
  type Beit,
  type BeitParams,
  type ClassifierOptions,
} from "@beitjs/beit-encoder";
import { classifierMetrics, evaluateClassifier, type ClassifierScores } from "../evaluate/classifier.ts";
import { evaluateMultiLabel, multiLabelMetrics, type MultiLabelScores } from "../evaluate/multi-label.ts";
import { labelsAt, mixBatch, requireLabels, trainView, viewRng, type MixedView } from "../data/index.ts";
import { train } from "../loop.ts";
import { checkedLength } from "../optimizer/recipe-schedule.ts";
import { checkRecipe } from "../recipes/check-recipe.ts";
import type { FineTuneRecipe } from "../recipes/recipe.ts";
import type { RunOptions, StepReport } from "../run.ts";
import type { Metrics } from "../validation.ts";
import { checkView, viewBatch } from "../view-batch.ts";
import { accuracyOf } from "./accuracy.ts";
import { labelLoss } from "./label-loss.ts";

/** What a classifier can do, of one label an image or of several. */
export type FineTuneScores = ClassifierScores | MultiLabelScores;

export type FineTuneReport = StepReport<BeitParams, FineTuneScores> & {
  /**
   * Share of the batch classified rightly, in training (with augmentation and drop path); of several labels, of images and classes.
   * Of mixed images what counts is the label of the larger share.
   */
  readonly accuracy: number;
  readonly labels: FineTuneRecipe["labels"];
  readonly beit: Beit;
};

/**
 * Fine-tunes a classifier; yields a report after every update.
 *
 * @param options.from a pre-trained encoder or a classifier, copied; without one the network starts from scratch
 * @param options.head what becomes of a classifier's head: see `toClassifier`
 * @throws if the images have no labels, or the recipe's views are not of the encoder's size; NonFiniteError as `update`
 */
export async function* fineTune(
  options: RunOptions & {
    readonly recipe: FineTuneRecipe;
    readonly from?: Beit;
    readonly head?: ClassifierOptions["head"] | undefined;
  },
): AsyncGenerator<FineTuneReport, void, void> {
  const { recipe, images, backend, from, head, recompute } = options;
  checkRecipe("fineTune", recipe, "fine-tune");
  const { seed, view, layerDecay, labels, sampling, mix, repeatedAugmentation } = recipe;
  if (from) checkView("fineTune", view, from.config);
  checkedLength("fineTune", options);
  const classes = requireLabels(images, labels).length;
  const labeled = labelLoss(recipe, images, backend);
  const { config, params } = await startClassifier(recipe, classes, { from, head }, backend);
  yield* train(
    {
      params,
      decay: weightDecayRules,
      rate: layerDecay < 1 ? layerDecayRules(config, layerDecay) : undefined,
      sampling,
      repeats: repeatedAugmentation,
      prepare: ({ image }, at): MixedView => ({
        pixels: trainView(image, view, viewRng({ seed, ...at })),
        labels: labelsAt(images, at.index % images.length),
      }),
      batch: mix && ((items, { step }) => mixBatch(items, mix, { seed, step, ...view })),
      piece: (items) => {
        const views = items.map(({ pixels }) => pixels);
        return { pixels: viewBatch(views, config, backend), ...labeled.targets(items) };
      },
      weight: ({ mass }) => mass,
      objective: (tracked: BeitParams, { pixels, ...targets }, { step, micro }) => {
        const beit = { config, params: tracked };
        const rng = createRng({ seed, stream: streams.dropPath, epoch: micro, index: step });
        const logits = classLogits(beit, encode(beit, pixels, { rng, recompute })); // [B, classes]
        return labeled.loss(logits, targets);
      },
      report: (results, pieces) => ({
        accuracy: accuracyOf(results, pieces, labeled.decided),
        labels,
        beit: { config, params },
      }),
      evaluation: {
        scores: (measured, heldOut, how) => {
          const evaluate = labels === "multi" ? evaluateMultiLabel : evaluateClassifier;
          return evaluate({ config, params: measured }, heldOut, { view: recipe.evalView, ...how });
        },
        metrics: fineTuneMetrics(labels),
      },
    },
    options,
  );
}

/** By what classifiers are compared, of one label an image or of several. */
export function fineTuneMetrics(labels: FineTuneRecipe["labels"]): Metrics<FineTuneScores> {
  // Scores of a kind of labels meet the metrics of that kind alone.
  return (labels === "multi" ? multiLabelMetrics : classifierMetrics) as Metrics<FineTuneScores>;
}

// The same network either way: relative positions of one table per layer, no visual-token head.
async function startClassifier(
  recipe: FineTuneRecipe,
  classes: number,
  { from, head }: { readonly from: Beit | undefined; readonly head: ClassifierOptions["head"] },
  backend: Backend,
): Promise<Beit> {
  const rng = createRng({ seed: recipe.seed, stream: streams.parameters });
  const { dropPath, pooling, poolingNorm, relativePositions } = recipe.model;
  const place = poolingNorm && { poolingNorm };
  if (from) return toClassifier(from, { classes, dropPath, pooling, ...place, head, backend }, rng);
  const perLayer = relativePositions === "shared" ? "per-layer" : relativePositions;
  return initBeitClassifier({ ...recipe.model, relativePositions: perLayer, vocabSize: 0, classes }, rng, backend, {
    std: recipe.initStd,
  });
}
