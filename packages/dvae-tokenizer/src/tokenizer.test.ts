import { afterAll, describe, expect, it } from "vitest";
import { leaves, tensor, valueAndGradient, type Backend, type Tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashUniform } from "@beitjs/tensor-core/testing";
import {
  collapseWarning,
  createUsageCounter,
  decodeGaussian,
  detokenize,
  detokenizeMixture,
  dvaeVariants,
  encodeGaussian,
  gaussianVaeObjective,
  initGaussianVae,
  initTokenizer,
  loadTokenizer,
  tokenGridOf,
  tokenize,
  tokenizerObjective,
  tokenizerToOfficial,
  tokenProbabilities,
  validateDvaeConfig,
  type DvaeConfig,
  type DvaeParams,
  type GaussianVaeConfig,
} from "./index.ts";

const reference = createReferenceBackend();
const simd = await createSimdBackend({ threads: 1 });
afterAll(() => simd.dispose());

const strided: DvaeConfig = {
  ...dvaeVariants["dalle-pytorch"],
  imageSize: 8,
  channels: 1,
  vocabSize: 6,
  codebookWidth: 5,
  hidden: 4,
  layers: 2,
  blocksPerStage: 1,
  middleBlocks: 1,
};
const dallE: DvaeConfig = {
  ...dvaeVariants["dall-e"],
  imageSize: 8,
  channels: 1,
  vocabSize: 6,
  codebookWidth: 5,
  hidden: 8,
  groups: 2,
  blocksPerGroup: 1,
};
const images = (backend: Backend, batch = 2, side = 8, channels = 1): Tensor =>
  tensor(
    Float64Array.from({ length: batch * side * side * channels }, (_, i) => hashUniform(1, i)),
    [batch, side, side, channels],
    backend,
  );

describe.each([
  ["strided", strided],
  ["dall-e", dallE],
] as const)("tokenizer, %s", (_, config) => {
  it("turns images into ids below vocabSize and back into pixels in [0, 1], the same on every backend", () => {
    const perBackend = [reference, simd].map((backend) => {
      const tokenizer = initTokenizer(config, createRng(3), backend);
      const tokens = tokenize(tokenizer, images(backend));
      const { rows, cols } = tokenGridOf(config);
      expect(tokens.shape).toEqual([2, rows, cols]);
      expect(tokens.dtype).toBe("int32");
      const restored = detokenize(tokenizer, tokens);
      expect(restored.shape).toEqual([2, 8, 8, 1]);
      return { tokens: [...tokens.readSync()], pixels: [...restored.readSync()], backend };
    });
    const [exact, fast] = perBackend;
    expect(fast.tokens).toEqual(exact.tokens);
    fast.pixels.forEach((pixel, i) => expect(Math.abs(pixel - exact.pixels[i])).toBeLessThan(1e-5));
    expect(exact.pixels.every((pixel) => pixel >= 0 && pixel <= 1)).toBe(true);
  });

  it("decodes mixtures, one-hot ones like tokens", () => {
    const tokenizer = initTokenizer(config, createRng(3), reference);
    const probabilities = tokenProbabilities(tokenizer, images(reference));
    const side = tokenGridOf(config).rows;
    expect(probabilities.shape).toEqual([2, side, side, 6]);
    expect(detokenizeMixture(tokenizer, probabilities).shape).toEqual([2, 8, 8, 1]);
    const ids = Int32Array.from({ length: 2 * side * side }, (_, i) => i % 6);
    const hot = Float64Array.from({ length: ids.length * 6 }, (_, i) => (ids[Math.floor(i / 6)] === i % 6 ? 1 : 0));
    const fromHot = detokenizeMixture(tokenizer, tensor(hot, [2, side, side, 6], reference)).readSync();
    const fromIds = detokenize(tokenizer, tensor(ids, [2, side, side], reference, "int32")).readSync();
    fromIds.forEach((pixel, i) => expect(Math.abs(pixel - fromHot[i])).toBeLessThan(1e-12));
  });

  it("has the gradient of its objective, checked by finite differences through the whole network", () => {
    const { params } = initTokenizer(config, createRng(5), reference);
    // Biases of zero behind dead units sit exactly on the kink of the ReLU: move them off it.
    leaves<Tensor>(params).forEach(([path, leaf], k) => {
      if (path.endsWith("bias"))
        reference.write(
          leaf.storage.handle,
          leaf.readSync().map((_, i) => 0.05 + 0.1 * hashUniform(k, i)),
        );
    });
    const batch = images(reference);
    const objective = (tracked: DvaeParams) =>
      tokenizerObjective(config, tracked, batch, {
        temperature: 0.8,
        noise: { seed: 1, stream: 6 },
        klWeight: 0.3,
        balanceWeight: 0.2,
      });
    const { gradients } = valueAndGradient(params, objective);
    const gradientOf = new Map(leaves<Tensor>(gradients));
    for (const [path, leaf] of leaves<Tensor>(params)) {
      const values = leaf.readSync();
      const gradient = (gradientOf.get(path) as Tensor).readSync();
      const element = values.length >> 1;
      const at = (value: number): number => {
        const changed = values.slice();
        changed[element] = value;
        reference.write(leaf.storage.handle, changed);
        return objective(params).loss.readSync()[0];
      };
      const step = 1e-6;
      const numeric = (at(values[element] + step) - at(values[element] - step)) / (2 * step);
      reference.write(leaf.storage.handle, values);
      expect(Math.abs(numeric - gradient[element]), path).toBeLessThan(1e-6 * (1 + Math.abs(numeric)) + 1e-8);
    }
  });

  it("comes back from its official names bit by bit", async () => {
    const tokenizer = initTokenizer(config, createRng(7), simd);
    const stored = writeSafetensors(await tokenizerToOfficial(tokenizer));
    const loaded = loadTokenizer(stored, simd, { config });
    const original = new Map(leaves<Tensor>(tokenizer.params));
    for (const [path, leaf] of leaves<Tensor>(loaded.params))
      expect(leaf.readSync(), path).toEqual(original.get(path)?.readSync());
  });
});

describe("loadTokenizer", () => {
  it("reads the config from the file, and names what does not fit", async () => {
    const tokenizer = initTokenizer(strided, createRng(7), simd);
    const tensors = new Map(
      leaves<Tensor>(tokenizer.params).map(([path, leaf]) => [
        path,
        fromFloat32(leaf.readSync() as Float32Array, leaf.shape),
      ]),
    );
    const metadata = { "beitjs.config": JSON.stringify(strided) };
    expect(loadTokenizer(writeSafetensors(tensors, metadata), simd).config).toEqual(strided);
    expect(() => loadTokenizer(writeSafetensors(tensors), simd)).toThrow("[loadTokenizer] expected a config");
    tensors.delete("codebook.table");
    tensors.set("codebook.tabel", fromFloat32(new Float32Array(1), [1]));
    tensors.set("decoder.output.bias", fromFloat32(new Float32Array(2), [2]));
    expect(() => loadTokenizer(writeSafetensors(tensors, metadata), simd)).toThrow(
      "[loadTokenizer] the tensors do not fit the model: missing codebook.table; decoder.output.bias: expected [1], got [2]; unexpected codebook.tabel",
    );
  });
});

describe("errors", () => {
  it("name what was expected and what came", () => {
    const tokenizer = initTokenizer(strided, createRng(1), reference);
    expect(() => tokenize(tokenizer, images(reference, 1, 16))).toThrow(
      "[tokenize] expected [B, 8, 8, 1], got [1, 16, 16, 1]",
    );
    expect(() => detokenize(tokenizer, tensor(new Int32Array(9), [1, 3, 3], reference, "int32"))).toThrow(
      "[detokenize] expected [B, 2, 2], got [1, 3, 3]",
    );
    expect(() => validateDvaeConfig({ ...strided, imageSize: 10 })).toThrow(
      "[dvae] expected imageSize to be a multiple of 4, got 10",
    );
    expect(() => validateDvaeConfig({ ...strided, vocabSize: 0 })).toThrow("vocabSize to be a positive integer, got 0");
    expect(() => validateDvaeConfig({ ...strided, reconstruction: "logit-laplace" })).toThrow(
      "pixelRange to be mapped for logit-laplace, got normalized",
    );
    expect(() => validateDvaeConfig({ ...dallE, hidden: 6 })).toThrow("hidden to be a multiple of 4, got 6");
  });
});

describe("codebook use", () => {
  it("has the perplexity of its distribution", () => {
    const counter = createUsageCounter(4);
    counter.add([0, 1, 2, 3]);
    expect(counter.usage()).toEqual({ used: 4, vocabSize: 4, perplexity: expect.closeTo(4, 12) as number, tokens: 4 });
    counter.reset();
    counter.add([2, 2, 2]);
    expect(counter.usage()).toMatchObject({ used: 1, perplexity: 1 });
    expect(() => counter.add([4])).toThrow("[usage] expected ids in [0, 4), got 4");
  });

  it("warns of a collapse, once there are enough tokens to tell", () => {
    const usage = { used: 3, vocabSize: 512, perplexity: 2.4, tokens: 5120 };
    expect(collapseWarning(usage)).toContain("codebook collapse: 3 of 512 visual tokens in use, perplexity 2.4");
    expect(collapseWarning({ ...usage, tokens: 100 })).toBeUndefined();
    expect(collapseWarning({ ...usage, perplexity: 200 })).toBeUndefined();
  });
});

describe("Gaussian VAE", () => {
  const config: GaussianVaeConfig = {
    architecture: "strided",
    imageSize: 8,
    channels: 1,
    codebookWidth: 3,
    hidden: 4,
    layers: 2,
    blocksPerStage: 1,
    middleBlocks: 0,
    reconstruction: "mse",
    pixelRange: "normalized",
  };

  it("encodes, decodes and has a true gradient", () => {
    const vae = initGaussianVae(config, createRng(2), reference);
    const batch = images(reference);
    const { mean, logVariance } = encodeGaussian(vae, batch);
    expect([mean.shape, logVariance.shape]).toEqual([
      [2, 2, 2, 3],
      [2, 2, 2, 3],
    ]);
    expect(decodeGaussian(vae, mean).shape).toEqual([2, 8, 8, 1]);
    const rng = createRng(9);
    const noise = tensor(
      Float64Array.from({ length: 24 }, () => rng.normal()),
      [2, 2, 2, 3],
      reference,
    );
    const objective = () => gaussianVaeObjective(config, vae.params, batch, { noise, klWeight: 0.1 });
    const { gradients } = valueAndGradient(vae.params, (params) =>
      gaussianVaeObjective(config, params, batch, { noise, klWeight: 0.1 }),
    );
    const bias = vae.params.encoder.logVariance.bias as Tensor;
    const values = bias.readSync();
    const losses = [1e-6, -1e-6].map((step) => {
      reference.write(
        bias.storage.handle,
        values.map((value) => value + step),
      );
      return objective().loss.readSync()[0];
    });
    const numeric = (losses[0] - losses[1]) / 2e-6;
    const analytic = Array.from((gradients.encoder.logVariance.bias as Tensor).readSync()).reduce(
      (sum, value) => sum + value,
      0,
    );
    expect(Math.abs(numeric - analytic)).toBeLessThan(1e-7);
  });
});
