// Stage 1: train a tokenizer, a discrete VAE, on images alone. (DALL-E paper §2.1 and appendix A.2, BEiT §2.4)
import { createRng, streams } from "@beitjs/tensor-core/random";
import {
  createUsageCounter,
  initTokenizer,
  tokenizerObjective,
  type CodebookUsage,
  type DvaeParams,
  type Tokenizer,
} from "@beitjs/dvae-tokenizer";
import { countsOf } from "../checkpoint.ts";
import { tokenEvalView, twoViews, viewRng, type Prepare } from "../data/index.ts";
import { evaluateTokenizer, tokenizerMetrics, type TokenizerScores } from "../evaluate/tokenizer.ts";
import { train } from "../loop.ts";
import { annealed, checkedLength } from "../optimizer/recipe-schedule.ts";
import { tokenizerDecay } from "../recipes/decay.ts";
import { checkRecipe } from "../recipes/check-recipe.ts";
import type { TokenizerRecipe } from "../recipes/recipe.ts";
import type { RunOptions, StepReport } from "../run.ts";
import { viewBatch } from "../view-batch.ts";

export type TokenizerReport = StepReport<DvaeParams, TokenizerScores> & {
  readonly reconstruction: number;
  /** Mean KL to the uniform prior per grid cell. */
  readonly kl: number;
  readonly balance: number;
  readonly temperature: number;
  /** Codebook use over the last tokens seen in training (about ten per codebook entry). */
  readonly usage: CodebookUsage;
  readonly tokenizer: Tokenizer;
};

/**
 * Trains a tokenizer; yields a report after every update. Stop by leaving the loop; the state stays the caller's.
 *
 * @throws NonFiniteError when the loss or a gradient is not finite, before the parameters are touched
 */
export async function* trainTokenizer(
  options: RunOptions & { readonly recipe: TokenizerRecipe },
): AsyncGenerator<TokenizerReport, void, void> {
  const { recipe, backend } = options;
  checkRecipe("trainTokenizer", recipe, "tokenizer");
  const length = checkedLength("trainTokenizer", options);
  const { seed, hard, balanceWeight } = recipe;
  const { config, params } = initTokenizer(recipe.model, createRng({ seed, stream: streams.parameters }), backend);
  const counter = createUsageCounter(config.vocabSize);
  // Steps that a checkpoint's counts have in them: the last one's report may be made again.
  const { manifest } = options.resume ?? {};
  const counted = manifest && countsOf(manifest, config.vocabSize) ? manifest.step : 0;
  const temperatureAt = annealed(recipe.temperature, length);
  const klWeightAt = annealed(recipe.klWeight, length);
  yield* train(
    {
      params,
      decay: tokenizerDecay,
      prepare: prepareTokenView(recipe),
      piece: (views) => viewBatch(views, config, backend),
      objective: (tracked: DvaeParams, piece, { step, micro }) =>
        tokenizerObjective(config, tracked, piece, {
          temperature: temperatureAt(step),
          hard,
          noise: { seed, stream: streams.gumbel, epoch: micro, index: step },
          klWeight: klWeightAt(step),
          balanceWeight,
        }),
      report: ({ scalars: { reconstruction, kl, balance }, arrays }, _, { step }) => {
        if (step >= counted) {
          if (counter.usage().tokens >= 10 * config.vocabSize) counter.reset();
          counter.add(arrays["visualTokens"]);
        }
        const usage = counter.usage();
        return { reconstruction, kl, balance, temperature: temperatureAt(step), usage, tokenizer: { config, params } };
      },
      tokenCounts: counter.counts,
      evaluation: {
        scores: (measured, heldOut, how) => {
          const view = tokenEvalView(recipe.views.channels, recipe.views.tokenSize);
          return evaluateTokenizer({ config, params: measured }, heldOut, { view, ...how });
        },
        metrics: tokenizerMetrics,
      },
    },
    options,
  );
}

/** Prepares token views in [0, 1]: tokenizers map pixels to their own range. */
export function prepareTokenView({ seed, views }: Pick<TokenizerRecipe, "seed" | "views">): Prepare<Float32Array> {
  return ({ image }, at) => twoViews(image, views, viewRng({ seed, ...at })).tokenView;
}
