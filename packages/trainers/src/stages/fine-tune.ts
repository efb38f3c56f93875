// Stage 3: supervised training of the whole network on labeled images, from a pre-trained encoder or from scratch.
// (BEiT §2.6; layer decay after ELECTRA: lower blocks move less)
import { tensor, type Backend } from "@beitjs/tensor-core";
import { argmax, crossEntropy } from "@beitjs/tensor-core/ops";
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
} from "@beitjs/beit-encoder";
import { requireLabels, trainView, viewRng } from "../data/index.ts";
import { train } from "../loop.ts";
import { checkedLength } from "../optimizer/recipe-schedule.ts";
import { checkRecipe } from "../recipes/check-recipe.ts";
import type { FineTuneRecipe } from "../recipes/recipe.ts";
import type { RunOptions, StepReport } from "../run.ts";
import { checkView, viewBatch } from "../view-batch.ts";
import { accuracyOf } from "./accuracy.ts";

export type FineTuneReport = StepReport<BeitParams> & {
  /** Share of the batch classified rightly, in training (with augmentation and drop path). */
  readonly accuracy: number;
  readonly beit: Beit;
};

/**
 * Fine-tunes a classifier; yields a report after every update.
 *
 * @param options.from a pre-trained encoder, copied; without one the network starts from scratch
 * @throws if the images have no labels, or the recipe's views are not of the encoder's size; NonFiniteError as `update`
 */
export async function* fineTune(
  options: RunOptions & { readonly recipe: FineTuneRecipe; readonly from?: Beit },
): AsyncGenerator<FineTuneReport, void, void> {
  const { recipe, images, backend, from, recompute } = options;
  checkRecipe("fineTune", recipe, "fine-tune");
  const { seed, view, labelSmoothing, layerDecay } = recipe;
  if (from) checkView("fineTune", view, from.config);
  checkedLength("fineTune", options);
  const { config, params } = await startClassifier(recipe, requireLabels(images).length, from, backend);
  yield* train(
    {
      params,
      decay: weightDecayRules,
      rate: layerDecay < 1 ? layerDecayRules(config, layerDecay) : undefined,
      prepare: ({ image, label }, at) => ({
        pixels: trainView(image, view, viewRng({ seed, ...at })),
        label: label as number,
      }),
      piece: (items) => {
        const views = items.map(({ pixels }) => pixels);
        const expected = items.map(({ label }) => label);
        const targets = tensor(expected, [expected.length], backend, "int32");
        return { pixels: viewBatch(views, config, backend), targets, expected };
      },
      objective: (tracked: BeitParams, { pixels, targets }, { step, micro }) => {
        const beit = { config, params: tracked };
        const rng = createRng({ seed, stream: streams.dropPath, epoch: micro, index: step });
        const logits = classLogits(beit, encode(beit, pixels, { rng, recompute })); // [B, classes]
        return { loss: crossEntropy(logits, targets, { labelSmoothing }), predictions: argmax(logits) };
      },
      report: (results, pieces) => ({ accuracy: accuracyOf(results, pieces), beit: { config, params } }),
    },
    options,
  );
}

// The same network either way: relative positions of one table per layer, no visual-token head.
async function startClassifier(
  recipe: FineTuneRecipe,
  classes: number,
  from: Beit | undefined,
  backend: Backend,
): Promise<Beit> {
  const rng = createRng({ seed: recipe.seed, stream: streams.parameters });
  const { dropPath, pooling, poolingNorm, relativePositions } = recipe.model;
  const place = poolingNorm && { poolingNorm };
  if (from) return toClassifier(from, { classes, dropPath, pooling, ...place, backend }, rng);
  const perLayer = relativePositions === "shared" ? "per-layer" : relativePositions;
  return initBeitClassifier({ ...recipe.model, relativePositions: perLayer, vocabSize: 0, classes }, rng, backend, {
    std: recipe.initStd,
  });
}
