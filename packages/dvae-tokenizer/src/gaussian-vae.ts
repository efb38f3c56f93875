// The Gaussian VAE (Kingma & Welling 2014) that the discrete one is explained by: the same trunk and decoder, a normal
// posterior instead of a categorical one, reparameterization instead of Gumbel-softmax. For comparison, not for tokens.
import { scope, type Backend, type Tensor } from "@beitjs/tensor-core";
import { addScaled, conv2d, gaussianSample, klToNormal } from "@beitjs/tensor-core/ops";
import type { Conv2dParams } from "@beitjs/tensor-core/nn";
import type { Rng } from "@beitjs/tensor-core/random";
import { validateDvaeConfig, type StridedConfig } from "./config.ts";
import { initStridedDecoder, stridedDecoder, type StridedDecoderParams } from "./decoder.ts";
import { initStridedTrunk, stridedTrunk, type StridedTrunkParams } from "./encoder.ts";
import { uniformConv, uniformTransposedConv, type InitConv } from "./init-conv.ts";
import { reconstructionLoss } from "./loss.ts";
import { mapPixels, unmapPixels } from "./pixels.ts";

/** A strided network without a codebook; `codebookWidth` is the width of the latent vector of a grid cell. */
export type GaussianVaeConfig = Omit<StridedConfig, "vocabSize" | "reconstruction"> & {
  readonly reconstruction: "mse" | "smooth-l1";
};

export type GaussianVaeParams = {
  readonly encoder: StridedTrunkParams & { readonly mean: Conv2dParams; readonly logVariance: Conv2dParams };
  readonly decoder: StridedDecoderParams;
};

export type GaussianVae = { readonly config: GaussianVaeConfig; readonly params: GaussianVaeParams };

export function initGaussianVae(config: GaussianVaeConfig, rng: Rng, backend: Backend): GaussianVae {
  validateDvaeConfig({ ...config, vocabSize: 1 });
  return buildGaussianVae(config, { conv: uniformConv(rng, backend), up: uniformTransposedConv(rng, backend) });
}

/** @internal The network with the convolutions that these make. */
export function buildGaussianVae(
  config: GaussianVaeConfig,
  { conv, up }: { readonly conv: InitConv; readonly up: InitConv },
): GaussianVae {
  const head = (): Conv2dParams => conv({ input: config.hidden, output: config.codebookWidth, size: 1 });
  const encoder = { ...initStridedTrunk(config, conv), mean: head(), logVariance: head() };
  return { config, params: { encoder, decoder: initStridedDecoder(config, conv, up) } };
}

/** Posterior of images [B, H, W, C] in [0, 1]: mean and log-variance, each [B, rows, cols, D]. */
export function encodeGaussian(
  { config, params }: GaussianVae,
  images: Tensor,
): { readonly mean: Tensor; readonly logVariance: Tensor } {
  return scope(images.backend, () => posterior(params, mapPixels(images, config.pixelRange)));
}

/** Images [B, H, W, C] in [0, 1] from latents [B, rows, cols, D]. */
export function decodeGaussian({ config, params }: GaussianVae, latents: Tensor): Tensor {
  return scope(latents.backend, () => unmapPixels(stridedDecoder(params.decoder, latents), config.pixelRange));
}

/**
 * Negative ELBO on images [B, H, W, C] in [0, 1]: mean reconstruction + klWeight * KL to N(0, 1) per image.
 *
 * @param options.noise standard normal values [B, rows, cols, D]
 */
export function gaussianVaeObjective(
  config: GaussianVaeConfig,
  params: GaussianVaeParams,
  images: Tensor,
  { noise, klWeight }: { readonly noise: Tensor; readonly klWeight: number },
): { readonly loss: Tensor; readonly reconstruction: Tensor; readonly kl: Tensor } {
  const target = mapPixels(images, config.pixelRange);
  const { mean, logVariance } = posterior(params, target);
  const output = stridedDecoder(params.decoder, gaussianSample(mean, logVariance, noise));
  const reconstruction = reconstructionLoss(output, target, config.reconstruction);
  const kl = klToNormal(mean, logVariance);
  return { loss: addScaled(reconstruction, kl, { scale: klWeight }), reconstruction, kl };
}

function posterior(
  { encoder }: GaussianVaeParams,
  mapped: Tensor,
): { readonly mean: Tensor; readonly logVariance: Tensor } {
  const hidden = stridedTrunk(encoder, mapped); // [B, rows, cols, hidden]
  return { mean: conv2d(hidden, encoder.mean), logVariance: conv2d(hidden, encoder.logVariance) };
}
