// Stage 2: masked image modeling. A frozen tokenizer names the visual tokens of the clean token view; the encoder sees
// the pixel view with about 40 % of its patches replaced by the mask token, and predicts the tokens it cannot see.
// (BEiT §2.3-2.5; loss and accuracy over masked patches only, averaged over the whole batch)
import { tensor } from "@beitjs/tensor-core";
import { formatSize } from "@beitjs/tensor-core/grid";
import { createRng, streams } from "@beitjs/tensor-core/random";
import {
  encode,
  gridOf,
  initBeit,
  toPretraining,
  visualTokenLoss,
  weightDecayRules,
  type Beit,
  type BeitParams,
} from "@beitjs/beit-encoder";
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import { pixelEvalView, tokenEvalView, twoViews, viewRng } from "../data/index.ts";
import { evaluatePretraining, pretrainingMetrics, type PretrainingScores } from "../evaluate/pretraining.ts";
import { tokensOf } from "../evaluate/tokenizer.ts";
import { train } from "../loop.ts";
import { createMaskDrawer, maskedTargets } from "../masks.ts";
import { encoderAndTokenizer, firstUnequal } from "../match.ts";
import { checkedLength } from "../optimizer/recipe-schedule.ts";
import { checkRecipe } from "../recipes/check-recipe.ts";
import type { PretrainRecipe } from "../recipes/recipe.ts";
import type { RunOptions, StepReport } from "../run.ts";
import { viewBatch } from "../view-batch.ts";
import { accuracyOf } from "./accuracy.ts";

export type PretrainReport = StepReport<BeitParams, PretrainingScores> & {
  /** Share of masked patches whose most likely token is the right one. */
  readonly accuracy: number;
  readonly maskedPatches: number;
  readonly beit: Beit;
};

/**
 * Pre-trains a BEiT; yields a report after every update. The tokenizer may live on another backend than the encoder.
 *
 * @param options.from a trained model to go on from, copied; its encoder must be the recipe's: see `toPretraining`
 * @throws if tokenizer and encoder disagree on grid, codebook or channels; NonFiniteError as `update`
 */
export async function* pretrain(
  options: RunOptions & {
    readonly recipe: PretrainRecipe;
    readonly tokenizer: TokenizerEncoder;
    readonly from?: Beit;
  },
): AsyncGenerator<PretrainReport, void, void> {
  const { recipe, tokenizer, backend, from, recompute } = options;
  checkRecipe("pretrain", recipe, "pretrain");
  const { seed, views, mask } = recipe;
  checkMatch(recipe, tokenizer);
  checkedLength("pretrain", options);
  const rng = createRng({ seed, stream: streams.parameters });
  const { initStd: std, model } = recipe;
  const { config, params } = from
    ? await toPretraining(from, model, { std, backend }, rng)
    : initBeit(model, rng, backend, { std });
  const grid = gridOf(config);
  const heldOutViews = { pixelView: pixelEvalView(views), tokenView: tokenEvalView(views.channels, views.tokenSize) };
  const drawMasks = await createMaskDrawer();
  yield* train(
    {
      params,
      decay: weightDecayRules,
      prepare: ({ image }, at) => ({
        ...twoViews(image, views, viewRng({ seed, ...at })),
        at,
      }),
      piece: async (items) => {
        const masks = drawMasks(
          grid,
          mask,
          items.map(({ at }) => ({ seed, ...at })),
        );
        const tokenViews = items.map(({ tokenView }) => tokenView);
        const expected = maskedTargets(await tokensOf(tokenizer, tokenViews), masks);
        const pixelViews = items.map(({ pixelView }) => pixelView);
        const targets = tensor(expected, [expected.length], backend, "int32");
        return { masks, pixels: viewBatch(pixelViews, config, backend), targets, expected };
      },
      weight: ({ expected }) => expected.length,
      objective: (tracked: BeitParams, { masks, pixels, targets }, { step, micro }) => {
        const beit = { config, params: tracked };
        const rng = createRng({ seed, stream: streams.dropPath, epoch: micro, index: step });
        return visualTokenLoss(beit, encode(beit, pixels, { mask: masks, rng, recompute }), { mask: masks, targets });
      },
      report: (results, pieces) => ({
        accuracy: accuracyOf(results, pieces),
        maskedPatches: pieces.reduce((sum, { expected }) => sum + expected.length, 0),
        beit: { config, params },
      }),
      evaluation: {
        scores: (measured, heldOut, how) =>
          evaluatePretraining({ config, params: measured }, tokenizer, heldOut, {
            mask,
            seed,
            ...heldOutViews,
            ...how,
          }),
        metrics: pretrainingMetrics,
      },
    },
    options,
  );
}

/** @throws if the tokens of the tokenizer are not what the encoder is to predict */
export function checkMatch({ model, views }: PretrainRecipe, { config }: TokenizerEncoder): void {
  const unequal = firstUnequal([
    ...encoderAndTokenizer(model, config),
    ["views.pixelSize of the model's imageSize", formatSize(views.pixelSize), formatSize(model.imageSize)],
    ["views.tokenSize of the tokenizer's imageSize", formatSize(views.tokenSize), formatSize(config.imageSize)],
    ["views.channels of the model's", views.channels, model.channels],
  ]);
  const fitting = `model.vocabSize=${config.vocabSize} views.tokenSize=${JSON.stringify(config.imageSize)}`;
  if (unequal) throw new Error(`[pretrain] ${unequal}; this tokenizer takes ${fitting}`);
}
