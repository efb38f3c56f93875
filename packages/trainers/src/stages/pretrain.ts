// Stage 2: masked image modeling. A frozen tokenizer names the visual tokens of the clean token view; the encoder sees
// the pixel view with about 40 % of its patches replaced by the mask token, and predicts the tokens it cannot see.
// (BEiT §2.3-2.5; loss and accuracy over masked patches only, averaged over the whole batch) Or, as a recipe says, the encoder sees the
// other patches alone, and pixels are predicted. (He et al. 2021)
import { tensor } from "@beitjs/tensor-core";
import { formatSize } from "@beitjs/tensor-core/grid";
import { createRng, streams } from "@beitjs/tensor-core/random";
import { gridOf, initBeit, toPretraining, weightDecayRules, type Beit, type BeitParams } from "@beitjs/beit-encoder";
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import type { Mask } from "@beitjs/masking";
import { pixelEvalView, tokenEvalView, twoViews, viewRng } from "../data/index.ts";
import {
  evaluatePixels,
  evaluatePretraining,
  pretrainingMetricsOf,
  type MaskedScores,
  type PretrainingScores,
} from "../evaluate/pretraining.ts";
import { tokensOf } from "../evaluate/tokenizer.ts";
import { train } from "../loop.ts";
import { createMaskDrawer, maskedTargets, masksOf } from "../masks.ts";
import { encoderAndTokenizer, firstUnequal } from "../match.ts";
import { checkedLength } from "../optimizer/recipe-schedule.ts";
import { checkRecipe } from "../recipes/check-recipe.ts";
import { pretrainingConfig } from "../recipes/pretraining-config.ts";
import type { PretrainRecipe } from "../recipes/recipe.ts";
import type { RunOptions, StepReport } from "../run.ts";
import type { UpdateReport } from "../update.ts";
import { viewBatch } from "../view-batch.ts";
import { createMaskedCount, type MaskedAccuracy } from "./masked-accuracy.ts";
import { comparedPatches, maskedObjective } from "./masked-objective.ts";

export type PretrainReport = StepReport<BeitParams, MaskedScores> & {
  /** Share of masked patches whose most likely token is the right one, of all where nothing is masked; absent where pixels are predicted. */
  readonly accuracy?: number;
  /** The same of patches that are not masked; absent unless the loss is of all and some are. */
  readonly visibleAccuracy?: number;
  readonly maskedPatches: number;
  readonly beit: Beit;
};

/** Of a run that predicts visual tokens. */
export type TokenPretrainReport = PretrainReport &
  StepReport<BeitParams, PretrainingScores> & { readonly accuracy: number };

type PretrainOptions = RunOptions & { readonly recipe: PretrainRecipe; readonly from?: Beit };

/**
 * Pre-trains a BEiT; yields a report after every update. The tokenizer may live on another backend than the encoder.
 *
 * @param options.tokenizer whose tokens are predicted; recipes with pixels as target take none
 * @param options.from a trained model to go on from, copied; its encoder must be the recipe's: see `toPretraining`
 * @throws if tokenizer and encoder disagree on grid, codebook or channels; NonFiniteError as `update`
 */
export function pretrain(
  options: PretrainOptions & { readonly tokenizer: TokenizerEncoder },
): AsyncGenerator<TokenPretrainReport, void, void>;
export function pretrain(
  options: PretrainOptions & { readonly tokenizer?: TokenizerEncoder | undefined },
): AsyncGenerator<PretrainReport, void, void>;
export async function* pretrain(
  options: PretrainOptions & { readonly tokenizer?: TokenizerEncoder | undefined },
): AsyncGenerator<PretrainReport, void, void> {
  const { recipe, backend, from, recompute } = options;
  checkRecipe("pretrain", recipe, "pretrain");
  const { seed, views, loss, initStd: std } = recipe;
  const tokenizer = tokenizerFor(recipe, options.tokenizer);
  checkedLength("pretrain", options);
  const rng = createRng({ seed, stream: streams.parameters });
  const model = pretrainingConfig(recipe);
  const { config, params } = from
    ? await toPretraining(from, model, { std, backend }, rng)
    : initBeit(model, rng, backend, { std });
  const grid = gridOf(config);
  const mask = masksOf(recipe, grid);
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
        const tokens = tokenizer && (await tokensOf(tokenizer, tokenViews));
        const expected = tokens && (loss === "masked" ? maskedTargets(tokens, masks) : Int32Array.from(tokens));
        const pixelViews = items.map(({ pixelView }) => pixelView);
        const targets = expected && { targets: tensor(expected, [expected.length], backend, "int32") };
        return { masks, pixels: viewBatch(pixelViews, config, backend), ...targets, expected };
      },
      weight: ({ masks }) => comparedPatches(masks, recipe),
      objective: (tracked: BeitParams, piece, { step, micro }) => {
        const rng = createRng({ seed, stream: streams.dropPath, epoch: micro, index: step });
        return maskedObjective({ config, params: tracked }, piece, recipe, { rng, recompute });
      },
      report: (results, pieces) => ({
        ...(tokenizer && maskedAccuracy(results, pieces, recipe)),
        maskedPatches: pieces.reduce((sum, { masks }) => sum + comparedPatches(masks, { loss: "masked" }), 0),
        beit: { config, params },
      }),
      evaluation: {
        scores: (measured, heldOut, how) => {
          const options = { ...recipe, mask, ...heldOutViews, ...how };
          const beit = { config, params: measured };
          return tokenizer
            ? evaluatePretraining(beit, tokenizer, heldOut, options)
            : evaluatePixels(beit, heldOut, options);
        },
        metrics: pretrainingMetricsOf(recipe),
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

function tokenizerFor(recipe: PretrainRecipe, tokenizer: TokenizerEncoder | undefined): TokenizerEncoder | undefined {
  if (recipe.target === "pixels") {
    if (tokenizer) throw new Error("[pretrain] expected no tokenizer for target pixels, got one");
    return undefined;
  }
  if (!tokenizer)
    throw new Error("[pretrain] expected a tokenizer for target tokens, got none; target pixels needs none");
  checkMatch(recipe, tokenizer);
  return tokenizer;
}

type Piece = { readonly masks: readonly Mask[]; readonly expected: Int32Array | undefined };

function maskedAccuracy(
  { arrays }: Pick<UpdateReport, "arrays">,
  pieces: readonly Piece[],
  recipe: PretrainRecipe,
): MaskedAccuracy {
  const count = createMaskedCount(recipe);
  let at = 0;
  for (const { masks, expected = new Int32Array() } of pieces) {
    count.add({ masks, expected, predictions: arrays["predictions"].slice(at, at + expected.length) });
    at += expected.length;
  }
  return count.accuracy();
}
