// A discrete or a Gaussian VAE to look at: what it makes of images, of draws from its prior, and of ways between two images.
import {
  decodeGaussian,
  decodeTokens,
  encodeGaussian,
  tokenGridOf,
  type GaussianVae,
  type Tokenizer,
} from "@beitjs/dvae-tokenizer";
import { leaves, scope, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { cellCount, cellGrid } from "@beitjs/tensor-core/grid";
import { imagesOf, type Image } from "@beitjs/tensor-core/image";
import { createRng, streams, type Rng } from "@beitjs/tensor-core/random";
import { viewBatch } from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import { gaussianVaeOf, recipeOf, takeWeights } from "./from-checkpoint.ts";
import { openTokenizer, type OpenTokenizerOptions } from "./open-tokenizer.ts";
import { withModel, type GivenModel } from "./sources.ts";

export type Autoencoder = { readonly path: string } & (
  { readonly kind: "discrete"; readonly model: Tokenizer } | { readonly kind: "gaussian"; readonly model: GaussianVae }
);

/** Opens a run of a Gaussian VAE, or a tokenizer of any origin. */
export async function openAutoencoder(
  given: GivenModel,
  backend: Backend,
  options: OpenTokenizerOptions,
  context: Context,
): Promise<Autoencoder> {
  return withModel(given, context, async (found) => {
    if (found.checkpoint && recipeOf(found.checkpoint).stage === "gaussian") {
      const taken = takeWeights(found.checkpoint, "auto", context);
      return { kind: "gaussian", model: gaussianVaeOf(taken, backend), path: taken.path };
    }
    const { tokenizer, path } = await openTokenizer(found, backend, options, context);
    return { kind: "discrete", model: tokenizer, path };
  });
}

/** What kind it is, in words. */
export const kindNames = { discrete: "discrete VAE", gaussian: "Gaussian VAE" } as const;

type Views = readonly Float32Array[];

/** Reconstructions of token views (values in [0, 1]) by a Gaussian VAE, from the means of their posteriors. */
export async function reconstructGaussian(vae: GaussianVae, views: Views): Promise<Float32Array> {
  const restored = scope(backendOf(vae), () =>
    decodeGaussian(vae, encodeGaussian(vae, viewBatch(views, vae.config, backendOf(vae))).mean),
  );
  return readAndDispose(restored);
}

/** Images of draws from the prior: tokens that are all alike likely, each by itself, or standard normal latents. */
export async function samplesOf(autoencoder: Autoencoder, count: number, seed: number): Promise<readonly Image[]> {
  const rng = createRng({ seed, stream: streams.user });
  if (autoencoder.kind === "discrete") {
    const { config } = autoencoder.model;
    const ids = Array.from({ length: count * cellCount(tokenGridOf(config)) }, () => rng.integer(config.vocabSize));
    return imagesOf(await decodeTokens(autoencoder.model, ids), config);
  }
  const { model } = autoencoder;
  return decodeLatents(model, normalLatents(count * latentSize(model), rng));
}

/** Images of the straight way between the posterior means of two views, both ends included. */
export async function interpolate(vae: GaussianVae, ends: Views, steps: number): Promise<readonly Image[]> {
  const means = scope(backendOf(vae), () => encodeGaussian(vae, viewBatch(ends, vae.config, backendOf(vae))).mean);
  const values = await readAndDispose(means);
  const size = latentSize(vae);
  const latents = Float32Array.from({ length: steps * size }, (_, i) => {
    const share = Math.floor(i / size) / (steps - 1);
    return (1 - share) * values[i % size] + share * values[size + (i % size)];
  });
  return decodeLatents(vae, latents);
}

async function decodeLatents(vae: GaussianVae, latents: Float32Array): Promise<readonly Image[]> {
  const { rows, cols, width } = latentShape(vae);
  const shape = [latents.length / latentSize(vae), rows, cols, width];
  const decoded = scope(backendOf(vae), () => decodeGaussian(vae, tensor(latents, shape, backendOf(vae))));
  return imagesOf(await readAndDispose(decoded), vae.config);
}

function latentShape({ config }: GaussianVae) {
  return { ...cellGrid(config.imageSize, 2 ** config.layers), width: config.codebookWidth };
}

function latentSize(vae: GaussianVae): number {
  const { rows, cols, width } = latentShape(vae);
  return rows * cols * width;
}

function normalLatents(length: number, rng: Rng): Float32Array {
  return Float32Array.from({ length }, () => rng.normal());
}

function backendOf(vae: GaussianVae): Backend {
  const [[, { backend }]] = leaves<Tensor>(vae.params);
  return backend;
}

async function readAndDispose(one: Tensor): Promise<Float32Array> {
  const values = Float32Array.from(await one.read());
  one.dispose();
  return values;
}
