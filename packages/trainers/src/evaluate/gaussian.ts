// Reconstruction error of a Gaussian VAE, on the measure of the discrete one.
import { leaves, scope, type Tensor } from "@beitjs/tensor-core";
import { decodeGaussian, encodeGaussian, type GaussianVae } from "@beitjs/dvae-tokenizer";
import { evalView, stack, type Dataset } from "../data/index.ts";
import type { Metrics } from "../validation.ts";
import { checkView, viewBatch } from "../view-batch.ts";
import { inOrder, type EvaluationOptions } from "./in-order.ts";

export type GaussianScores = {
  /** Mean absolute error of decoding the posterior's mean, pixels in [-1, 1]. */
  readonly meanAbsoluteError: number;
};

/** By what Gaussian VAEs are compared. */
export const gaussianMetrics: Metrics<GaussianScores> = {
  meanAbsoluteError: { better: "lower", of: ({ meanAbsoluteError }) => meanAbsoluteError },
};

/** Reconstruction error of a Gaussian VAE, without noise. */
export async function evaluateGaussian(
  vae: GaussianVae,
  images: Dataset,
  { view, batchSize = 100, signal }: EvaluationOptions,
): Promise<GaussianScores> {
  checkView("evaluateGaussian", view, vae.config);
  const [[, { backend }]] = leaves<Tensor>(vae.params);
  let [error, pixels] = [0, 0];
  for await (const { items } of inOrder(images, batchSize, signal, ({ image }) => evalView(image, view))) {
    const restored = scope(backend, () => {
      const { mean } = encodeGaussian(vae, viewBatch(items, vae.config, backend));
      return decodeGaussian(vae, mean);
    });
    const values = stack(items);
    (await restored.read()).forEach((value, i) => (error += 2 * Math.abs(value - values[i])));
    pixels += values.length;
    restored.dispose();
  }
  return { meanAbsoluteError: error / pixels };
}
