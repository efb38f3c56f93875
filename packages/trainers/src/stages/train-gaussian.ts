// The article's comparison model: the same data and loop with a Gaussian VAE instead of the discrete one.
import { disposeTree, tensor } from "@beitjs/tensor-core";
import { createRng, streams } from "@beitjs/tensor-core/random";
import {
  gaussianVaeObjective,
  initGaussianVae,
  type GaussianVae,
  type GaussianVaeParams,
} from "@beitjs/dvae-tokenizer";
import { anneal } from "../optimizer/schedule.ts";
import { tokenizerDecay } from "../recipes/decay.ts";
import type { GaussianRecipe } from "../recipes/recipe.ts";
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

export type GaussianReport = StepReport<GaussianVaeParams> & {
  readonly reconstruction: number;
  /** KL to the standard normal per image, summed over the latents. */
  readonly kl: number;
  readonly vae: GaussianVae;
};

/** Trains a Gaussian VAE; yields a report after every update. */
export async function* trainGaussianVae(
  options: RunOptions & { readonly recipe: GaussianRecipe },
): AsyncGenerator<GaussianReport, void, void> {
  const { recipe, images, backend, resume } = options;
  const { seed, microBatches } = recipe;
  const steps = totalSteps(recipe, images);
  const { config, params } = initGaussianVae(recipe.model, createRng({ seed, stream: streams.parameters }), backend);
  const state = startState(params, recipe, resume);
  const rates = updateRules(params, recipe, steps, { decay: tokenizerDecay });
  const side = config.imageSize / 2 ** config.layers;

  for await (const { epoch, items } of runBatches(recipe, options, state, prepareTokenView(recipe))) {
    const { step } = state;
    const klWeight = anneal(step, recipe.klWeight);
    const pieces = microBatchesOf(items, microBatches).map((piece, micro) => {
      const rng = createRng({ seed, stream: streams.gumbel, epoch: micro, index: step });
      const shape = [piece.length, side, side, config.codebookWidth];
      const noise = Float32Array.from({ length: piece.length * side * side * config.codebookWidth }, () =>
        rng.normal(),
      );
      return {
        views: viewBatch(piece, config, backend),
        noise: tensor(noise, shape, backend),
      };
    });
    const report = await update(
      state,
      pieces.map(({ views: piece, noise }) => ({
        share: 1 / microBatches,
        objective: (tracked: GaussianVaeParams) => gaussianVaeObjective(config, tracked, piece, { noise, klWeight }),
      })),
      rates(step),
    ).finally(() => disposeTree(pieces));
    yield {
      ...stepReport(state, { totalSteps: steps, epoch, learningRate: rates(step).learningRate }, report),
      reconstruction: report.scalars["reconstruction"],
      kl: report.scalars["kl"],
      vae: { config, params },
    };
  }
}
