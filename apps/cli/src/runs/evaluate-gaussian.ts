// Reconstruction error of a Gaussian VAE, on the measure of the discrete one: mean |difference| of pixels in [-1, 1].
import { decodeGaussian, encodeGaussian, type GaussianVae } from "@beitjs/dvae-tokenizer";
import { scope, tensor, type Backend } from "@beitjs/tensor-core";
import { batches, evalView, stack, type Dataset, type EvalViewOptions } from "@beitjs/trainers";

/** Mean absolute error of decoding the posterior's mean. */
export async function evaluateGaussian(
  vae: GaussianVae,
  images: Dataset,
  backend: Backend,
  view: EvalViewOptions,
): Promise<number> {
  const { imageSize, channels } = vae.config;
  const options = { batchSize: Math.min(100, images.length), seed: 0, epochs: 1, shuffle: false, dropLast: false };
  let [error, pixels] = [0, 0];
  for await (const { items } of batches(images, ({ image }) => evalView(image, view), options)) {
    const values = stack(items);
    const shape = [items.length, imageSize, imageSize, channels];
    const restored = scope(backend, () =>
      decodeGaussian(vae, encodeGaussian(vae, tensor(values, shape, backend)).mean),
    );
    (await restored.read()).forEach((value, i) => (error += 2 * Math.abs(value - values[i])));
    pixels += values.length;
    restored.dispose();
  }
  return error / pixels;
}
