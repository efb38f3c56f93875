// Stage 1: train a tokenizer, a discrete VAE, on images alone. (DALL-E paper §2.1 and appendix A.2, BEiT §2.4)
import { disposeTree } from "@beitjs/tensor-core";
import { createRng, streams } from "@beitjs/tensor-core/random";
import {
  createUsageCounter,
  initTokenizer,
  tokenizerObjective,
  type CodebookUsage,
  type DvaeParams,
  type Tokenizer,
} from "@beitjs/dvae-tokenizer";
import { anneal } from "../optimizer/schedule.ts";
import { tokenizerDecay } from "../recipes/decay.ts";
import type { TokenizerRecipe } from "../recipes/recipe.ts";
import {
  microBatchesOf,
  prepareTokenView,
  runBatches,
  startState,
  stepReport,
  totalSteps,
  updateRules,
  type RunOptions,
  type StepReport,
} from "../run.ts";
import { update } from "../update.ts";
import { viewBatch } from "../view-batch.ts";

export type TokenizerReport = StepReport<DvaeParams> & {
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
  const { recipe, images, backend, resume } = options;
  const { seed, microBatches } = recipe;
  const steps = totalSteps(recipe, images);
  const { config, params } = initTokenizer(recipe.model, createRng({ seed, stream: streams.parameters }), backend);
  const state = startState(params, recipe, resume);
  const rates = updateRules(params, recipe, steps, { decay: tokenizerDecay });
  const counter = createUsageCounter(config.vocabSize);

  for await (const { epoch, items } of runBatches(recipe, options, state, prepareTokenView(recipe))) {
    const { step } = state;
    const temperature = anneal(step, recipe.temperature);
    const klWeight = anneal(step, recipe.klWeight);
    const pieces = microBatchesOf(items, microBatches).map((piece) => viewBatch(piece, config, backend));
    const report = await update(
      state,
      pieces.map((piece, micro) => ({
        share: 1 / microBatches,
        objective: (tracked: DvaeParams) =>
          tokenizerObjective(config, tracked, piece, {
            temperature,
            hard: recipe.hard,
            noise: { seed, stream: streams.gumbel, epoch: micro, index: step },
            klWeight,
            balanceWeight: recipe.balanceWeight,
          }),
      })),
      rates(step),
    ).finally(() => disposeTree(pieces));
    if (counter.usage().tokens >= 10 * config.vocabSize) counter.reset();
    counter.add(report.arrays["visualTokens"]);
    const { reconstruction, kl, balance } = report.scalars;
    yield {
      ...stepReport(state, { totalSteps: steps, epoch, learningRate: rates(step).learningRate }, report),
      reconstruction,
      kl,
      balance,
      temperature,
      usage: counter.usage(),
      tokenizer: { config, params },
    };
  }
}
