// The networks against the original classes (openai/DALL-E, microsoft/unilm) run in float64 on weights filled by formula.
import { afterAll, describe, expect, it } from "vitest";
import { disposeTree, leaves, tensor, zeros, type Backend, type Tensor } from "@beitjs/tensor-core";
import { argmax, klToUniform, logitLaplace, meanSquaredError, smoothL1 } from "@beitjs/tensor-core/ops";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, writeSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashSigned, hashUniform } from "@beitjs/tensor-core/testing";
import { dvaeVariants, type DvaeConfig } from "./config.ts";
import {
  detokenize,
  loadTokenizer,
  relax,
  tokenize,
  tokenizerToOfficial,
  unmapPixels,
  type Tokenizer,
} from "./index.ts";
import type { InitConv } from "./init-conv.ts";
import { buildTokenizer, decodeMixture, encodeLogits, initTokenizer } from "./tokenizer.ts";

const simd = await createSimdBackend({ threads: 2 });
const reference = createReferenceBackend();
afterAll(() => simd.dispose());
const backends: readonly [string, Backend, number][] = [
  ["reference", reference, 2e-6],
  ["simd", simd, 1e-5],
];

type Fill = (key: string, shape: readonly number[], index: number, element: number) => number;

/** Fills a tokenizer through its official names: index = place of the key in the sorted keys of its half (or of all). */
async function filled(config: DvaeConfig, fill: Fill, halves: readonly string[], backend: Backend): Promise<Tokenizer> {
  const blank = initTokenizer(config, createRng(1), reference);
  const official = await tokenizerToOfficial(blank);
  disposeTree(blank.params);
  const stored = new Map<string, SafeTensor>();
  for (const half of halves) {
    const keys = [...official.keys()].filter((key) => key.startsWith(half)).sort();
    keys.forEach((key, k) => {
      const { shape } = official.get(key) as SafeTensor;
      const size = shape.reduce((product, side) => product * side, 1);
      stored.set(
        key,
        fromFloat32(
          Float32Array.from({ length: size }, (_, i) => fill(key.slice(half.length), shape, k, i)),
          shape,
        ),
      );
    });
  }
  return loadTokenizer(writeSafetensors(stored), backend, { config });
}

/** NCHW values by formula as a [B, H, W, C] tensor. */
function imagesOf(value: (i: number) => number, [B, C, H, W]: readonly number[], backend: Backend): Tensor {
  const values = new Float64Array(B * C * H * W);
  for (let i = 0; i < values.length; i++) {
    const [x, y, c, b] = [i % W, Math.floor(i / W) % H, Math.floor(i / (W * H)) % C, Math.floor(i / (W * H * C))];
    values[((b * H + y) * W + x) * C + c] = value(i);
  }
  return tensor(values, [B, H, W, C], backend);
}

const sum = (values: Iterable<number>): number => Array.from(values).reduce((total, value) => total + value, 0);
const squares = (values: Iterable<number>): number =>
  Array.from(values).reduce((total, value) => total + value * value, 0);

function expectClose(got: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(got.length).toBe(expected.length);
  expected.forEach((value, i) =>
    expect(Math.abs(got[i] - value), `[${i}] ${got[i]} for ${value}`).toBeLessThan(tolerance * (1 + Math.abs(value))),
  );
}

const tiny: DvaeConfig = {
  ...dvaeVariants["dall-e"],
  imageSize: 16,
  vocabSize: 512,
  hidden: 64,
  blocksPerGroup: 1,
  codebookWidth: 16,
};
const fanIn = (shape: readonly number[]): number => shape.slice(1).reduce((product, side) => product * side, 1);
const fillDallE: Fill = (key, shape, k, i) =>
  Math.fround(key.endsWith(".b") ? 0.1 * hashSigned(k, i) : Math.sqrt(3 / fanIn(shape)) * hashSigned(k, i));

describe.each(backends)("OpenAI dVAE, tiny, on %s", (_, backend, tolerance) => {
  it("gives the original's logits, tokens, pixels and likelihood", async () => {
    const tokenizer = await filled(tiny, fillDallE, ["encoder.", "decoder."], backend);
    const mapped = imagesOf((i) => 0.8 * hashUniform(2000, i) + 0.1, [1, 3, 16, 16], backend);
    const { config, params } = tokenizer;
    const logits = encodeLogits(config, params, mapped); // [1, 2, 2, 512]
    const values = logits.readSync();
    expectClose(values.subarray(0, 4), [-0.043734, 0.073982, -0.307019, 0.795721], tolerance);
    expectClose(values.subarray(3 * 512, 3 * 512 + 4), [-0.05777, 0.096981, -0.292619, 0.918825], tolerance);
    expect(sum(values)).toBeCloseTo(16.127038, 3);
    expect(squares(values)).toBeCloseTo(325.458286, 3);

    const images = unmapPixels(mapped, "mapped");
    const tokens = tokenize(tokenizer, images);
    expect([...tokens.readSync()]).toEqual([218, 218, 218, 218]);

    const oneHot = tensor(
      Float32Array.from({ length: 4 * 512 }, (_, i) => (i % 512 === 218 ? 1 : 0)),
      [1, 2, 2, 512],
      backend,
    );
    const output = decodeMixture(config, params, oneHot);
    const pixels = output.readSync();
    const at = (y: number, x: number): Float64Array =>
      Float64Array.from(pixels.subarray((y * 16 + x) * 6, (y * 16 + x) * 6 + 6));
    expectClose(at(0, 0), [-0.041932, -0.11485, 0.072118, 0.005367, 0.088314, 0.031175], tolerance);
    expectClose(at(7, 9), [-0.042143, -0.115606, 0.070925, 0.004455, 0.087077, 0.023657], tolerance);
    expect(sum(pixels)).toBeCloseTo(8.544456, 3);
    expect(squares(pixels)).toBeCloseTo(7.293401, 4);
    expectClose([logitLaplace(output, mapped).readSync()[0]], [-0.05118479], tolerance);
    const decoded = detokenize(tokenizer, tokens);
    expect(decoded.shape).toEqual([1, 16, 16, 3]);
    expectClose(decoded.readSync().subarray(0, 3), [0.486898, 0.464149, 0.522527], tolerance);
  });

  it("has the original's number of tensors and parameters", async () => {
    const tokenizer = initTokenizer(tiny, createRng(1), reference);
    const counts = { encoder: [0, 0], decoder: [0, 0] };
    for (const [key, { shape }] of await tokenizerToOfficial(tokenizer)) {
      const count = counts[key.split(".")[0] as keyof typeof counts];
      count[0]++;
      count[1] += shape.reduce((product, side) => product * side, 1);
    }
    expect(counts).toEqual({ encoder: [42, 1_321_744], decoder: [44, 1_411_558] });
  });
});

const customized: DvaeConfig = {
  ...dvaeVariants["beit-customized"],
  imageSize: 16,
  vocabSize: 16,
  codebookWidth: 8,
  hidden: 8,
};
const fillStrided: Fill = (_, shape, k, i) =>
  Math.fround(shape.length === 1 ? 0.1 * hashSigned(k, i) : Math.sqrt(3 / fanIn(shape)) * hashSigned(k, i));

describe.each(backends)("BEiT's own dVAE, tiny, on %s", (_, backend, tolerance) => {
  it("gives the original's logits, tokens, relaxed reconstruction, losses and KL", async () => {
    const tokenizer = await filled(customized, fillStrided, [""], backend);
    const { config, params } = tokenizer;
    const images = imagesOf((i) => hashSigned(3000, i), [2, 3, 16, 16], backend);
    const logits = encodeLogits(config, params, images); // [2, 2, 2, 16]
    const values = logits.readSync();
    expectClose(values.subarray(0, 4), [0.463716, 0.229787, -0.066692, -0.160037], tolerance);
    expect(squares(values)).toBeCloseTo(7.112454, 4);
    expect([...argmax(logits).readSync()]).toEqual([0, 0, 8, 6, 0, 0, 6, 0]);

    const noise = imagesOf((i) => -Math.log(-Math.log(hashUniform(3001, i))), [2, 16, 2, 2], backend);
    const output = decodeMixture(config, params, relax(logits, { temperature: 0.9, noise }));
    expectClose([meanSquaredError(output, images).readSync()[0]], [0.34783215], tolerance);
    expectClose([smoothL1(output, images).readSync()[0]], [0.17366715], tolerance);
    const at = ((1 * 16 + 3) * 16 + 4) * 3;
    expectClose(output.readSync().subarray(at, at + 3), [-0.173109, -0.173383, 0.024085], tolerance);
    expectClose([klToUniform(logits).readSync()[0]], [0.03080897], tolerance);

    const oneHot = tensor(
      Float32Array.from(argmax(logits).readSync()).reduce(
        (hot, id, i) => (hot.fill(1, i * 16 + id, i * 16 + id + 1), hot),
        new Float32Array(128),
      ),
      [2, 2, 2, 16],
      backend,
    );
    const decoded = decodeMixture(config, params, oneHot).readSync();
    expectClose(decoded.subarray(0, 3), [-0.182838, -0.129595, -0.049948], tolerance);
    expect(squares(decoded)).toBeCloseTo(29.327605, 3);
    const looked = detokenize(tokenizer, argmax(logits));
    const unmapped = unmapPixels(decodeMixture(config, params, oneHot), "normalized");
    expectClose(looked.readSync(), [...unmapped.readSync()], tolerance);
  });
});

describe("parameter counts of the full networks", () => {
  it.each([
    ["dall-e", 97_616_006],
    ["beit-customized", 20_081_411],
    ["dalle-pytorch", 16_672_259],
  ] as const)("%s", (name, expected) => {
    const conv: InitConv = ({ input, output, size }) => ({
      filter: zeros([output, size, size, input], simd),
      bias: zeros([output], simd),
    });
    const { params } = buildTokenizer(dvaeVariants[name], { conv, table: (shape) => zeros(shape, simd) }, simd);
    const count = leaves<Tensor>(params).reduce((total, [, leaf]) => total + leaf.size, 0);
    disposeTree(params);
    expect(count).toBe(expected);
  });
});
