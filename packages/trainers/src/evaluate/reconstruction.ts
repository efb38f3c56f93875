// A variational autoencoder, discrete or Gaussian, by its own measure, the bound on the likelihood of images, and by how alike its
// reconstructions are to them. For `evaluate`: training is judged by less.
import { disposeTree, leaves, scope, sizeOf, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { cellCount, cellGrid, imageShape } from "@beitjs/tensor-core/grid";
import { createRng, streams } from "@beitjs/tensor-core/random";
import {
  decodeGaussian,
  detokenize,
  encodeGaussian,
  gaussianVaeObjective,
  pixelScale,
  tokenGridOf,
  tokenizerObjective,
  type GaussianVae,
  type Tokenizer,
} from "@beitjs/dvae-tokenizer";
import { evalView, type Dataset } from "../data/index.ts";
import { checkView, viewBatch } from "../view-batch.ts";
import { inOrder, type EvaluationOptions } from "./in-order.ts";
import { psnr, ssim, ssimWindow } from "./similarity.ts";

/** The evidence lower bound, ln p(x) >= E_q[ln p(x|z)] - KL(q(z|x) || p(z)): means over the images, in nats an image. */
export type LikelihoodBound = {
  readonly elbo: number;
  /** Of one sample of the posterior an image: ln of a density over pixels in [0, 1]. */
  readonly logLikelihood: number;
  /** To the prior: uniform over the codebook, or standard normal. */
  readonly kl: number;
  /**
   * -elbo / (dimensions ln 2) + 8: bits a value, were densities even over each of 256 levels. A density is measured at the pixels as
   * they are, without uniform noise, so that it is no bound on the probability of 8-bit images.
   */
  readonly bitsPerDimension: number;
  /** Values of an image. */
  readonly dimensions: number;
  /** The density: the decoder's own, or, where it was trained by squared or smooth absolute error, a normal one of one variance. */
  readonly likelihood: "logit-laplace" | "normal";
  /** Of the normal density, of pixels in [0, 1]: fitted to these images, the one that makes the bound largest. */
  readonly standardDeviation?: number;
};

export type ReconstructionScores = {
  /** Mean over images of the peak signal-to-noise ratio of the reconstruction without noise, in decibels. */
  readonly psnr: number;
  /** The same of structural similarity; nothing for images with a side below 11 pixels. */
  readonly ssim?: number;
  readonly bound: LikelihoodBound;
};

export type ReconstructionOptions = EvaluationOptions & { readonly seed?: number };

/** A batch's means: of the loss over values (ln density or squared error, in the network's range), of the KL an image. */
type BatchTerms = { readonly reconstruction: Tensor; readonly kl: Tensor; readonly restored: Tensor };

// Logits of a batch, and noise as large, must fit into memory: 64 MB each.
const mostLogits = 2 ** 24;

/** The bound and the likeness of a tokenizer's reconstructions. The bound's samples are hard tokens, its KL has a weight of 1. */
export function evaluateTokenizerBound(
  tokenizer: Tokenizer,
  images: Dataset,
  { seed = 0, batchSize = 100, ...options }: ReconstructionOptions,
): Promise<ReconstructionScores> {
  const { config, params } = tokenizer;
  const cells = cellCount(tokenGridOf(config));
  const own = config.reconstruction === "logit-laplace";
  // Smooth L1 is half the squared error where it is below 1: both are read as a normal density.
  const measured = { ...config, reconstruction: own ? "logit-laplace" : "mse" } as const;
  const most = Math.max(1, Math.floor(mostLogits / (cells * config.vocabSize)));
  const { backend } = params.codebook.table;
  return evaluateBound("evaluateTokenizerBound", {
    ...{ config, backend, images, own, klParts: cells },
    options: { ...options, batchSize: Math.min(batchSize, most) },
    terms: (views, index) => {
      const pixels = viewBatch(views, config, backend);
      const noise = { seed, stream: streams.gumbel, index };
      // With hard samples at any temperature, the objective's terms are those of the bound.
      const terms = tokenizerObjective(measured, params, pixels, { temperature: 1, hard: true, noise, klWeight: 1 });
      const { reconstruction, kl, visualTokens } = terms;
      return { reconstruction, kl, restored: detokenize(tokenizer, visualTokens) };
    },
  });
}

/** The same of a Gaussian VAE. */
export function evaluateGaussianBound(
  vae: GaussianVae,
  images: Dataset,
  { seed = 0, ...options }: ReconstructionOptions,
): Promise<ReconstructionScores> {
  const { config, params } = vae;
  const [[, { backend }]] = leaves<Tensor>(params);
  const { rows, cols } = cellGrid(config.imageSize, 2 ** config.layers);
  return evaluateBound("evaluateGaussianBound", {
    ...{ config, backend, images, options, own: false, klParts: 1 },
    terms: (views, index) => {
      const pixels = viewBatch(views, config, backend);
      const shape = [views.length, rows, cols, config.codebookWidth];
      const rng = createRng({ seed, stream: streams.gumbel, index });
      const noise = Float32Array.from({ length: sizeOf(shape) }, () => rng.normal());
      const measured = { ...config, reconstruction: "mse" } as const;
      const { reconstruction, kl } = gaussianVaeObjective(measured, params, pixels, {
        noise: tensor(noise, shape, backend),
        klWeight: 1,
      });
      return { reconstruction, kl, restored: decodeGaussian(vae, encodeGaussian(vae, pixels).mean) };
    },
  });
}

type Config = Tokenizer["config"] | GaussianVae["config"];

type Measured = {
  readonly config: Config;
  readonly backend: Backend;
  readonly images: Dataset;
  /** The KL that `terms` has is of an image divided by this. */
  readonly klParts: number;
  /** Whether the decoder has a density of its own; otherwise its loss is a squared error. */
  readonly own: boolean;
  readonly options: EvaluationOptions;
  /** Of a batch that begins at this image. */
  readonly terms: (views: readonly Float32Array[], index: number) => BatchTerms;
};

async function evaluateBound(caller: string, measured: Measured): Promise<ReconstructionScores> {
  const { config, backend, images, klParts, terms, options } = measured;
  const { view, batchSize = 100, signal } = options;
  checkView(caller, view, config);
  const [, height, width, channels] = imageShape(1, config);
  const dimensions = height * width * channels;
  const seen = Math.min(height, width) >= ssimWindow;
  const sums = { reconstruction: 0, kl: 0, psnr: 0, ssim: 0 };
  let done = 0;
  for await (const { items } of inOrder(images, batchSize, signal, ({ image }) => evalView(image, view))) {
    const results = scope(backend, () => terms(items, done));
    const [[reconstruction], [kl], restored] = await Promise.all(
      [results.reconstruction, results.kl, results.restored].map((one) => one.read()),
    );
    disposeTree(results);
    sums.reconstruction += items.length * reconstruction;
    sums.kl += items.length * kl * klParts;
    for (const [i, item] of items.entries()) {
      const data = restored.subarray(i * dimensions, (i + 1) * dimensions);
      sums.psnr += psnr(item, data);
      if (seen) sums.ssim += ssim({ width, height, channels, data: item }, { width, height, channels, data });
    }
    done += items.length;
  }
  const bound = boundOf(measured, { reconstruction: sums.reconstruction / done, kl: sums.kl / done, dimensions });
  return { psnr: sums.psnr / done, ...(seen && { ssim: sums.ssim / done }), bound };
}

function boundOf(
  { config, own }: Pick<Measured, "config" | "own">,
  { reconstruction, kl, dimensions }: Readonly<Record<"reconstruction" | "kl" | "dimensions", number>>,
): LikelihoodBound {
  const scale = pixelScale(config.pixelRange);
  // A density over the network's range, to one over pixels in [0, 1].
  const variance = reconstruction / scale ** 2;
  const density = own ? Math.log(scale) - reconstruction : -0.5 * (Math.log(2 * Math.PI * variance) + 1);
  const logLikelihood = dimensions * density;
  const elbo = logLikelihood - kl;
  return {
    ...{ elbo, logLikelihood, kl, dimensions },
    bitsPerDimension: -elbo / (dimensions * Math.LN2) + 8,
    ...(own
      ? { likelihood: "logit-laplace" as const }
      : { likelihood: "normal" as const, standardDeviation: Math.sqrt(variance) }),
  };
}
