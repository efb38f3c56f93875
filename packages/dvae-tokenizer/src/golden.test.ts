// Against the originals themselves: small tokenizers in the files that openai/DALL-E, microsoft/unilm and
// lucidrains/DALLE-pytorch write, with what their own classes compute (tools/golden/dvae/make.py).
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import {
  leaves,
  scope,
  tensor,
  valueAndGradient,
  zeros,
  type Backend,
  type HostArray,
  type Tensor,
} from "@beitjs/tensor-core";
import { bytesSource } from "@beitjs/tensor-core/files";
import { adamW } from "@beitjs/tensor-core/ops";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { readSafetensors, toFloat32, toInt32, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashUniform } from "@beitjs/tensor-core/testing";
import {
  detokenize,
  dvaeVariants,
  openTokenizer,
  relax,
  tokenGridOf,
  tokenize,
  tokenizerObjective,
  tokenizerToOfficial,
  tokenLogits,
  tokenProbabilities,
  type DvaeConfig,
  type DvaeParams,
  type ObjectiveOptions,
  type Tokenizer,
} from "./index.ts";
import { decodeMixture } from "./tokenizer.ts";

const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());
const backends: readonly [string, Backend][] = [
  ["simd", simd],
  ["reference", createReferenceBackend()],
];

type Variant = {
  /** The file, or the files of the two halves. */
  readonly files: readonly string[];
  readonly config: DvaeConfig;
  readonly temperature: number;
  readonly hard?: boolean;
  readonly weightDecay: number;
  /** Of the mean over the grid: the strided originals sum over batch and grid, at a weight of 1e-3. */
  readonly klWeight: number;
};
const small = { imageSize: 32, vocabSize: 64 };
const strided = { ...small, codebookWidth: 24, hidden: 16, layers: 2, middleBlocks: 0 };
const variants: Record<string, Variant> = {
  "dall-e": {
    files: ["encoder.pkl", "decoder.pkl"],
    config: { ...dvaeVariants["dall-e"], ...small, codebookWidth: 12, hidden: 8 },
    temperature: 0.9,
    weightDecay: 1e-4,
    klWeight: 6.6 / 192,
  },
  "beit-customized": {
    files: ["pytorch_model.bin"],
    config: { ...dvaeVariants["beit-customized"], ...strided, hidden: 12, layers: 3 },
    temperature: 0.9,
    weightDecay: 0,
    klWeight: 1e-3 * 2 * 16,
  },
  "dalle-pytorch": {
    files: ["vae.pt"],
    config: { ...dvaeVariants["dalle-pytorch"], ...strided, reconstruction: "smooth-l1" },
    temperature: 1,
    hard: true,
    weightDecay: 0,
    klWeight: 1e-3 * 2 * 64,
  },
  "dalle-pytorch-blocks": {
    files: ["vae.pt"],
    config: { ...dvaeVariants["dalle-pytorch"], ...strided, middleBlocks: 2 },
    temperature: 1,
    weightDecay: 0,
    klWeight: 1e-3 * 2 * 64,
  },
};

function fileOf(variant: string, name: string): Uint8Array {
  return readFileSync(new URL(`../../../tools/golden/dvae/${variant}/${name}`, import.meta.url));
}

// What the files do not tell: the size of the images (DALLE-pytorch's do) and how reconstructions are scored.
async function load(variant: string, backend: Backend): Promise<Tokenizer> {
  const { files, config } = variants[variant];
  const sources = files.map((name) => bytesSource(fileOf(variant, name), name));
  const { reconstruction, imageSize } = config;
  const given = variant.startsWith("dalle-pytorch") ? {} : { imageSize };
  const { tokenizer, unused } = await openTokenizer(sources, backend, { config: { reconstruction }, ...given });
  expect(tokenizer.config).toEqual(config);
  expect(unused).toEqual([]);
  return tokenizer;
}

function expectedOf(variant: string): (name: string) => SafeTensor {
  const { tensors } = readSafetensors(fileOf(variant, "expected.safetensors"));
  return (name) => {
    const found = tensors.get(name);
    if (!found) throw new Error(`no ${name} in ${variant}`);
    return found;
  };
}

/** Values in PyTorch's order [B, C, H, W], as [B, H, W, C]. */
function channelsLast(value: (i: number) => number, [B, C, H, W]: readonly number[]): Float64Array {
  const out = new Float64Array(B * C * H * W);
  for (let i = 0; i < out.length; i++) {
    const [b, c, place] = [Math.floor(i / (C * H * W)), Math.floor(i / (H * W)) % C, i % (H * W)];
    out[(b * H * W + place) * C + c] = value(i);
  }
  return out;
}

function imagesOn(backend: Backend): Tensor {
  const values = channelsLast((i) => Math.fround(hashUniform(1000, i)), [2, 3, 32, 32]);
  return tensor(values, [2, 32, 32, 3], backend);
}

/** The noise of a step: -ln(-ln u), u by the hash in the original's order. */
function noiseOn(backend: Backend, config: DvaeConfig, step: number): Tensor {
  const { rows, cols } = tokenGridOf(config);
  const count = config.vocabSize;
  const values = channelsLast((i) => -Math.log(-Math.log(hashUniform(3000 + step, i))), [2, count, rows, cols]);
  return tensor(values, [2, rows, cols, count], backend);
}

/** Largest error over the largest expected value. */
function relativeError(actual: HostArray, expected: HostArray): number {
  expect(actual.length).toBe(expected.length);
  let [error, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    error = Math.max(error, Math.abs(actual[i] - expected[i]));
    size = Math.max(size, Math.abs(expected[i]));
  }
  expect(size).toBeGreaterThan(0);
  return Number.isNaN(error) ? Infinity : error / size;
}

const worst = new Map<string, number>();
function note(what: string, error: number): number {
  worst.set(what, Math.max(worst.get(what) ?? 0, error));
  return error;
}
afterAll(() => {
  const lines = [...worst].map(([what, error]) => `${what} ${error.toExponential(1)}\n`);
  if (process.env["GOLDEN_ERRORS"]) process.stdout.write(lines.join(""));
});

function objectiveOptions(variant: string, backend: Backend, step: number): ObjectiveOptions {
  const { config, temperature, hard = false, klWeight } = variants[variant];
  return { temperature, hard, klWeight, noise: noiseOn(backend, config, step) };
}

/** Norm and eight evenly spaced values, as the script picks them. */
function pick(data: HostArray): number[] {
  let squares = 0;
  for (const value of data) squares += value * value;
  return [Math.sqrt(squares), ...Array.from({ length: 8 }, (_, i) => data[Math.floor((i * data.length) / 8)])];
}

/** Losses of steps of AdamW, which without decay is Adam, every step with its own noise. */
function train({ config, params }: Tokenizer, variant: string, steps: number): Float64Array {
  const parameters = leaves<Tensor>(params).map(([, leaf]) => leaf);
  const { backend } = parameters[0];
  const images = imagesOn(backend);
  const blank = (): Tensor[] => parameters.map(({ shape }) => zeros(shape, backend));
  const [firstMoments, secondMoments] = [blank(), blank()];
  const every = (value: number): number[] => parameters.map(() => value);
  return Float64Array.from({ length: steps }, (_, step) => {
    const options = objectiveOptions(variant, backend, step);
    const { value, gradients } = valueAndGradient(params, (tracked) =>
      tokenizerObjective(config, tracked, images, options),
    );
    adamW(
      { parameters, gradients: leaves<Tensor>(gradients).map(([, leaf]) => leaf), firstMoments, secondMoments },
      {
        learningRates: every(1e-3),
        weightDecays: every(variants[variant].weightDecay),
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        step: step + 1,
      },
    );
    return value.loss.readSync()[0];
  });
}

describe.each(backends)("the original tokenizers on %s", (name, backend) => {
  describe.each(Object.keys(variants))("%s", (variant) => {
    const expected = expectedOf(variant);
    const { config } = variants[variant];
    const inOurOrder = (what: string): Float64Array => {
      const stored = expected(what);
      const values = toFloat32(stored);
      return channelsLast((i) => values[i], stored.shape);
    };
    const expectNear = (what: string, actual: Tensor): void => {
      const error = note(`${name} ${variant} ${what}`, relativeError(actual.readSync(), inOurOrder(what)));
      expect(error, what).toBeLessThan(1e-5);
    };

    it("logits, probabilities, ids, pixels", async () => {
      const tokenizer = await load(variant, backend);
      scope(backend, () => {
        const images = imagesOn(backend);
        expectNear("logits", tokenLogits(tokenizer, images));
        const probabilities = tokenProbabilities(tokenizer, images);
        expectNear("probabilities", probabilities);
        const ids = tokenize(tokenizer, images);
        expect([...ids.readSync()]).toEqual([...toInt32(expected("ids"))]);
        expect(new Set(ids.readSync()).size).toBeGreaterThan(8);
        expectNear("decoded", detokenize(tokenizer, ids));
        const hot = new Float32Array(probabilities.size);
        ids.readSync().forEach((id, place) => (hot[place * config.vocabSize + id] = 1));
        const decode = (weights: Tensor): Tensor => decodeMixture(config, tokenizer.params, weights);
        expectNear("statistics", decode(tensor(hot, probabilities.shape, backend)));
        if (variant === "dall-e") expectNear("mixed", decode(probabilities));
      });
    });

    it("loss, and every gradient", async () => {
      const tokenizer = await load(variant, backend);
      const options = objectiveOptions(variant, backend, 0);
      const images = imagesOn(backend);
      const { value, gradients } = valueAndGradient(tokenizer.params, (tracked: DvaeParams) =>
        tokenizerObjective(config, tracked, images, options),
      );
      const loss = toFloat32(expected("losses")).subarray(0, 1);
      expect(note(`${name} ${variant} loss`, relativeError(value.loss.readSync(), loss))).toBeLessThan(1e-5);
      if (variant !== "dall-e") {
        const reconstruction = relativeError(value.reconstruction.readSync(), toFloat32(expected("reconstruction")));
        expect(note(`${name} ${variant} reconstruction`, reconstruction)).toBeLessThan(1e-5);
        const relaxed = relax(tokenLogits(tokenizer, images), options);
        expectNear("relaxed", decodeMixture(config, tokenizer.params, relaxed));
      }
      const official = await tokenizerToOfficial({ config, params: gradients });
      expect(official.size).toBeGreaterThan(12);
      for (const [parameter, stored] of official) {
        const data = toFloat32(stored);
        const picked = toFloat32(expected(`gradient.${parameter}`));
        const found = pick(data);
        // The norm by itself; values over the root mean square of the whole gradient, or the largest of them.
        const norm = Math.abs(found[0] / picked[0] - 1);
        expect(note(`${name} ${variant} gradient norm`, norm), parameter).toBeLessThan(1e-4);
        const size = Math.max(picked[0] / Math.sqrt(data.length), ...picked.slice(1).map(Math.abs));
        const error = Math.max(...found.slice(1).map((entry, i) => Math.abs(entry - picked[i + 1])));
        expect(note(`${name} ${variant} gradient`, error / size), parameter).toBeLessThan(1e-4);
      }
    });

    // The reference is too slow for more than three.
    const steps = name === "simd" ? 10 : 3;
    it(`${steps} losses of training`, async () => {
      const tokenizer = await load(variant, backend);
      const losses = scope(backend, () => ({ values: train(tokenizer, variant, steps) })).values;
      const error = relativeError(losses, toFloat32(expected("losses")).subarray(0, steps));
      expect(note(`${name} ${variant} losses of training`, error)).toBeLessThan(1e-4);
      expect(losses[steps - 1]).toBeLessThan(losses[0]);
    });
  });
});

it("runs on kernels alone", () => expect([...simd.fallbacks]).toEqual([]));
