// One grid cell and a few tokens, so that the bound's expectation over the posterior is a sum that can be written out.
import {
  encodeGaussian,
  decodeGaussian,
  detokenize,
  dvaeVariants,
  initGaussianVae,
  initTokenizer,
  tokenizerObjective,
  tokenProbabilities,
  type StridedConfig,
} from "@beitjs/dvae-tokenizer";
import { tensor, type Tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { describe, expect, it } from "vitest";
import { memoryDataset, tokenEvalView } from "../data/index.ts";
import { tinyImages } from "../testing.ts";
import { evaluateGaussianBound, evaluateTokenizerBound } from "./reconstruction.ts";
import { psnr } from "./similarity.ts";

const backend = createReferenceBackend();
const config: StridedConfig = {
  ...dvaeVariants["beit-customized"],
  ...{ imageSize: 2, channels: 1, vocabSize: 4, codebookWidth: 3, hidden: 4, layers: 1 },
  ...{ reconstruction: "mse", pixelRange: "normalized" },
};
const view = tokenEvalView(1, 2);
const bytes = [250, 20, 90, 140];
const copies = 1000;
const same = memoryDataset({
  ...{ width: 2, height: 2, channels: 1, name: (i: number) => `copy ${i}` },
  data: Uint8Array.from({ length: copies * 4 }, (_, i) => bytes[i % 4]),
});
const image = bytes.map((byte) => byte / 255);
const squared = (restored: ArrayLike<number>) => image.reduce((sum, x, i) => sum + (x - restored[i]) ** 2, 0) / 4;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const valuesOf = async (one: Tensor) => Array.from(await one.read());
const batch = () => tensor(image, [1, 2, 2, 1], backend);

describe("the bound of a tokenizer", () => {
  it("is the expectation over the posterior's tokens, less its KL to the uniform prior", async () => {
    const tokenizer = initTokenizer(config, createRng(4), backend);
    const q = await valuesOf(tokenProbabilities(tokenizer, batch()));
    const decoded = await valuesOf(detokenize(tokenizer, tensor([0, 1, 2, 3], [4, 1, 1], backend, "int32")));
    const errors = q.map((_, id) => squared(decoded.slice(id * 4, id * 4 + 4)));
    const variance = sum(q.map((weight, id) => weight * errors[id]));
    const kl = sum(q.map((weight) => weight * Math.log(4 * weight)));
    const { bound, ...likeness } = await evaluateTokenizerBound(tokenizer, same, { view });
    expect(bound.kl).toBeCloseTo(kl, 5);
    expect(bound.standardDeviation).toBeCloseTo(Math.sqrt(variance), 2);
    const { standardDeviation: deviation = NaN } = bound;
    // The mean of ln N(x; decoded, deviation^2) where the mean squared error is the variance.
    expect(bound.logLikelihood).toBeCloseTo(-4 * Math.log(deviation * Math.sqrt(2 * Math.PI)) - 2, 5);
    expect(bound.elbo).toBeCloseTo(bound.logLikelihood - kl, 5);
    expect(bound.bitsPerDimension).toBeCloseTo(8 - bound.elbo / 4 / Math.LN2, 5);
    const likelihoods = errors.map(
      (error) => (2 * Math.PI * deviation ** 2) ** -2 * Math.exp((-2 * error) / deviation ** 2),
    );
    expect(bound.elbo).toBeLessThan(Math.log(sum(likelihoods) / 4));
    expect(likeness).toEqual({
      psnr: expect.closeTo(-10 * Math.log10(errors[q.indexOf(Math.max(...q))]), 4) as number,
    });
  });

  it("takes the decoder's own density, over pixels in [0, 1]", async () => {
    const own = { ...config, vocabSize: 2, reconstruction: "logit-laplace", pixelRange: "mapped" } as const;
    const tokenizer = initTokenizer(own, createRng(4), backend);
    // Both tokens alike: every sample decodes to the same.
    const table = tensor([1, 2, 3, 1, 2, 3], [2, 3], backend);
    const params = { ...tokenizer.params, codebook: { table } };
    const noise = tensor([0, 0], [1, 1, 1, 2], backend);
    const { reconstruction } = tokenizerObjective(own, params, batch(), { temperature: 1, noise, klWeight: 1 });
    const [nll] = await valuesOf(reconstruction);
    const { bound } = await evaluateTokenizerBound({ config: own, params }, same, { view });
    expect(bound.likelihood).toBe("logit-laplace");
    expect(bound.logLikelihood).toBeCloseTo(4 * (Math.log(0.8) - nll), 5);
  });
});

describe("the bound of a Gaussian VAE", () => {
  it("has the closed form of its KL, and likeness of the reconstruction from the mean", async () => {
    const { vocabSize: _, ...own } = config;
    const vae = initGaussianVae({ ...own, reconstruction: "mse" }, createRng(4), backend);
    const { mean, logVariance } = encodeGaussian(vae, batch());
    const [means, logVariances] = [await valuesOf(mean), await valuesOf(logVariance)];
    const kl = sum(means.map((m, i) => 0.5 * (m * m + Math.exp(logVariances[i]) - logVariances[i] - 1)));
    const scores = await evaluateGaussianBound(vae, same, { view, batchSize: 300 });
    expect(scores.bound.kl).toBeCloseTo(kl, 5);
    expect(scores.bound.elbo).toBeCloseTo(scores.bound.logLikelihood - kl, 5);
    expect(scores.psnr).toBeCloseTo(psnr(image, await valuesOf(decodeGaussian(vae, mean))), 4);
    // Noise makes it worse than that.
    const { standardDeviation = NaN } = scores.bound;
    expect(-20 * Math.log10(standardDeviation)).toBeLessThan(scores.psnr);
  });

  it("is of images of the size that the model sees", async () => {
    const { vocabSize: _, ...own } = config;
    const vae = initGaussianVae({ ...own, reconstruction: "mse" }, createRng(4), backend);
    const other = evaluateGaussianBound(vae, tinyImages(2), { view: tokenEvalView(1, 4) });
    await expect(other).rejects.toThrow("[evaluateGaussianBound] expected");
  });
});
