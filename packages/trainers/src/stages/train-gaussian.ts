// The article's comparison model: the same data and loop with a Gaussian VAE instead of the discrete one.
import { sizeOf, tensor } from "@beitjs/tensor-core";
import { cellGrid } from "@beitjs/tensor-core/grid";
import { createRng, streams } from "@beitjs/tensor-core/random";
import {
  gaussianVaeObjective,
  initGaussianVae,
  type GaussianVae,
  type GaussianVaeParams,
} from "@beitjs/dvae-tokenizer";
import { train } from "../loop.ts";
import { annealed, checkedLength } from "../optimizer/recipe-schedule.ts";
import { tokenizerDecay } from "../recipes/decay.ts";
import { checkRecipe } from "../recipes/check-recipe.ts";
import type { GaussianRecipe } from "../recipes/recipe.ts";
import type { RunOptions, StepReport } from "../run.ts";
import { viewBatch } from "../view-batch.ts";
import { prepareTokenView } from "./train-tokenizer.ts";

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
  const { recipe, backend } = options;
  checkRecipe("trainGaussianVae", recipe, "gaussian");
  const klWeightAt = annealed(recipe.klWeight, checkedLength("trainGaussianVae", options));
  const { seed } = recipe;
  const { config, params } = initGaussianVae(recipe.model, createRng({ seed, stream: streams.parameters }), backend);
  const { rows, cols } = cellGrid(config.imageSize, 2 ** config.layers);
  yield* train(
    {
      params,
      decay: tokenizerDecay,
      prepare: prepareTokenView(recipe),
      piece: (views, { step, micro }) => {
        const rng = createRng({ seed, stream: streams.gumbel, epoch: micro, index: step });
        const shape = [views.length, rows, cols, config.codebookWidth];
        const noise = Float32Array.from({ length: sizeOf(shape) }, () => rng.normal());
        return { images: viewBatch(views, config, backend), noise: tensor(noise, shape, backend) };
      },
      objective: (tracked: GaussianVaeParams, { images, noise }, { step }) =>
        gaussianVaeObjective(config, tracked, images, { noise, klWeight: klWeightAt(step) }),
      report: ({ scalars: { reconstruction, kl } }) => ({ reconstruction, kl, vae: { config, params } }),
    },
    options,
  );
}
