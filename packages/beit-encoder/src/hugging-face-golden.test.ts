// Against transformers itself: small models of every variant that tools/golden/transformers/make.py saved, with what
// transformers computes in float64 from the same pixels: outputs, gradients and ten steps of AdamW.
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
import { adamW, crossEntropy } from "@beitjs/tensor-core/ops";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { readSafetensors, toFloat32 } from "@beitjs/tensor-core/safetensors";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashSigned } from "@beitjs/tensor-core/testing";
import { runBlocks } from "./encoder.ts";
import { splitNames, thirdOfTensor } from "./hugging-face.ts";
import {
  attentionMaps,
  beitToOfficial,
  classLogits,
  encode,
  loadHuggingFace,
  visualTokenLogits,
  type Beit,
  type HostTensor,
} from "./index.ts";

const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());
const backends: readonly [string, Backend][] = [
  ["simd", simd],
  ["reference", createReferenceBackend()],
];
const variants = ["pretraining-shared", "pretraining-positions", "classifier-mean", "classifier-class"];

const masks = [0, 1].map((b) => ({ cells: Uint8Array.from({ length: 16 }, (_, p) => ((p + b) % 3 === 0 ? 1 : 0)) }));
const maskedLabels = Array.from({ length: 11 }, (_, j) => (5 * j + 3) % 32);
const classLabels = [1, 3];

function fileOf(variant: string, name: string): Uint8Array {
  return readFileSync(new URL(`../../../tools/golden/transformers/${variant}/${name}`, import.meta.url));
}

function load(variant: string, backend: Backend): Beit {
  const config = JSON.parse(new TextDecoder().decode(fileOf(variant, "config.json"))) as object;
  const { tensors } = readSafetensors(fileOf(variant, "model.safetensors"));
  const { beit, labels, ignored } = loadHuggingFace({ config, tensors }, backend);
  expect(labels).toEqual(variant.startsWith("classifier") ? [0, 1, 2, 3, 4].map((i) => `kind ${i}`) : undefined);
  expect(ignored).toEqual([]);
  return beit;
}

function expectedOf(variant: string): (name: string) => Float32Array {
  const { tensors } = readSafetensors(fileOf(variant, "expected.safetensors"));
  return (name) => {
    const found = tensors.get(name);
    if (!found) throw new Error(`no ${name} in ${variant}`);
    return toFloat32(found);
  };
}

/** r(1000, i) in the original's order [2, 3, 32, 32], as [2, 32, 32, 3]. */
function pixelsOn(backend: Backend): Tensor {
  const channelsLast = (i: number) => (Math.floor(i / 3072) * 3 + (i % 3)) * 1024 + (Math.floor(i / 3) % 1024);
  const values = Float32Array.from({ length: 6144 }, (_, i) => hashSigned(1000, channelsLast(i)));
  return tensor(values, [2, 32, 32, 3], backend);
}

/** Loss and logits: of all patches or of the classes. */
function run(beit: Beit, pixels: Tensor): { readonly loss: Tensor; readonly logits: Tensor } {
  const targets = (labels: readonly number[]) => tensor(labels, [labels.length], pixels.backend, "int32");
  if (beit.config.classes > 0) {
    const logits = classLogits(beit, encode(beit, pixels));
    return { logits, loss: crossEntropy(logits, targets(classLabels)) };
  }
  const encoded = encode(beit, pixels, { mask: masks });
  const loss = crossEntropy(visualTokenLogits(beit, encoded, masks), targets(maskedLabels));
  return { logits: visualTokenLogits(beit, encoded), loss };
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

function hiddenStates(beit: Beit, pixels: Tensor): HostArray[] {
  const states: HostArray[] = [];
  const mask = beit.config.vocabSize > 0 ? masks : undefined;
  runBlocks(beit, pixels, { mask }, ({ index, input, output }) => {
    if (index === 0) states.push(input.readSync().slice());
    states.push(output.readSync().slice());
  });
  return states;
}

/** Every gradient under the name of transformers' file, matrices of queries, keys and values apart. */
async function gradientsByName(beit: Beit, pixels: Tensor): Promise<Map<string, HostTensor>> {
  const { gradients } = valueAndGradient(beit.params, (params) => run({ config: beit.config, params }, pixels));
  return splitNames(await beitToOfficial({ config: beit.config, params: gradients }), thirdOfTensor);
}

/** Norm and eight evenly spaced values, as the script picks them. */
function pick({ data }: HostTensor): number[] {
  const norm = Math.sqrt(data.reduce((total, value) => total + value * value, 0));
  return [norm, ...Array.from({ length: 8 }, (_, i) => data[Math.floor((i * data.length) / 8)])];
}

function train(beit: Beit, pixels: Tensor): Float64Array {
  const parameters = leaves<Tensor>(beit.params).map(([, leaf]) => leaf);
  const blank = () => parameters.map(({ shape, backend }) => zeros(shape, backend));
  const [firstMoments, secondMoments] = [blank(), blank()];
  const every = (value: number) => parameters.map(() => value);
  return Float64Array.from({ length: 10 }, (_, i) => {
    const { value, gradients } = valueAndGradient(beit.params, (params) =>
      run({ config: beit.config, params }, pixels),
    );
    adamW(
      { parameters, gradients: leaves<Tensor>(gradients).map(([, leaf]) => leaf), firstMoments, secondMoments },
      { learningRates: every(1e-3), weightDecays: every(0.05), beta1: 0.9, beta2: 0.98, epsilon: 1e-8, step: i + 1 },
    );
    return value.loss.readSync()[0];
  });
}

describe.each(backends)("transformers on %s", (name, backend) => {
  describe.each(variants)("%s", (variant) => {
    const expected = expectedOf(variant);
    const key = (what: string) => `${name} ${variant} ${what}`;

    it("logits, loss, hidden states, attention probabilities", () => {
      const beit = load(variant, backend);
      scope(backend, () => {
        const pixels = pixelsOn(backend);
        const { logits, loss } = run(beit, pixels);
        const mask = beit.config.vocabSize > 0 ? { mask: masks } : {};
        expect(note(key("logits"), relativeError(logits.readSync(), expected("logits")))).toBeLessThan(1e-5);
        expect(note(key("loss"), relativeError(loss.readSync(), expected("loss")))).toBeLessThan(1e-5);
        hiddenStates(beit, pixels).forEach((state, i) => {
          expect(note(key("hidden"), relativeError(state, expected(`hidden.${i}`)))).toBeLessThan(1e-5);
        });
        const patches = Array.from({ length: 16 }, (_, p) => p);
        attentionMaps(beit, pixels, { patches, blocks: [0, 1], ...mask }).forEach((map, i) => {
          // Queries are patches, so the class token's row of each [17, 17] is left out.
          const rows = expected(`attention.${i}`).filter((_, at) => at % 289 >= 17);
          expect(note(key("attention"), relativeError(map.readSync(), rows))).toBeLessThan(1e-5);
        });
      });
    });

    it("every gradient", async () => {
      const gradients = await gradientsByName(load(variant, backend), pixelsOn(backend));
      expect(gradients.size).toBeGreaterThan(35);
      for (const [bare, gradient] of gradients) {
        const stored =
          /^(lm_head|classifier)\./.test(bare) || (variant.startsWith("pre") && bare.startsWith("layernorm."));
        const picked = expected(`gradient.${stored ? bare : `beit.${bare}`}`);
        const found = pick(gradient);
        // The norm by itself; values over the root mean square of the whole gradient, or the largest of them.
        expect(note(key("gradient norm"), Math.abs(found[0] / picked[0] - 1)), bare).toBeLessThan(1e-4);
        const size = Math.max(picked[0] / Math.sqrt(gradient.data.length), ...picked.slice(1).map(Math.abs));
        const error = Math.max(...found.slice(1).map((value, i) => Math.abs(value - picked[i + 1])));
        expect(note(key("gradient"), error / size), bare).toBeLessThan(1e-4);
      }
    });

    it("ten losses of AdamW", () => {
      const beit = load(variant, backend);
      const losses = scope(backend, () => ({ values: train(beit, pixelsOn(backend)) })).values;
      expect(note(key("ten losses"), relativeError(losses, expected("losses")))).toBeLessThan(1e-4);
      expect(losses[9]).toBeLessThan(losses[0] * 0.8);
    });
  });
});

it("runs on kernels alone", () => expect([...simd.fallbacks]).toEqual([]));
