// The models that ship are what the page and the packages say of them: on photographs that they have never seen.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { encode, openBeit, visualTokenLogits } from "@beitjs/beit-encoder";
import { detokenize, loadTokenizer, tokenize, type Tokenizer } from "@beitjs/dvae-tokenizer";
import { blockwiseMask, maskedIndices } from "@beitjs/masking";
import { bytesSource } from "@beitjs/tensor-core/files";
import { imageTensor } from "@beitjs/tensor-core/image";
import { crossEntropy } from "@beitjs/tensor-core/ops";
import { createRng } from "@beitjs/tensor-core/random";
import { createSimdBackend, type SimdBackend } from "@beitjs/tensor-core/simd";
import { leaves, tensor, type Tensor } from "@beitjs/tensor-core";
import { evalView, pretrainSmall, tokenizerSmall, viewBatch } from "@beitjs/trainers";
import { evalViewFields } from "@beitjs/beit-encoder";
import { readImage } from "@beitjs/trainers/node";
import { beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const samples = ["astronaut", "chelsea", "coffee", "rocket"].map((name) => `${root}apps/web/samples/${name}.jpg`);
const weights = readFileSync(`${root}packages/dvae-tokenizer/models/small.safetensors`);
const beitWeights = readFileSync(`${root}apps/web/models/small-beit.safetensors`);

let cpu: SimdBackend;
let tokenizer: Tokenizer;
beforeAll(async () => {
  cpu = await createSimdBackend({ threads: 1 });
  tokenizer = await loadTokenizer("small", cpu);
});

it("the module holds the file, and both the model of the recipe", async () => {
  expect(tokenizer.config).toEqual(tokenizerSmall.model);
  const fromFile = loadTokenizer(weights, cpu);
  const other = new Map(leaves<Tensor>(fromFile.params));
  for (const [path, leaf] of leaves<Tensor>(tokenizer.params)) {
    expect(await other.get(path)?.read()).toEqual(await leaf.read());
  }
});

it("paints photographs again so that one knows them: 18 dB on average, from 14 x 14 numbers", async () => {
  const images = imageTensor(await Promise.all(samples.map((path) => readImage(path))), { size: 56 }, cpu);
  const ids = tokenize(tokenizer, images);
  expect(ids.shape).toEqual([4, 14, 14]);
  const [before, after] = [await images.read(), await detokenize(tokenizer, ids).read()];
  const size = before.length / 4;
  const psnr = samples.map((_, i) => {
    const errors = Array.from({ length: size }, (_, j) => (before[i * size + j] - after[i * size + j]) ** 2);
    return -10 * Math.log10(errors.reduce((a, b) => a + b) / size);
  });
  expect(Math.min(...psnr)).toBeGreaterThan(16);
  expect(psnr.reduce((a, b) => a + b) / 4).toBeGreaterThan(18);
  expect(new Set(await ids.read()).size).toBeGreaterThan(150);
});

it("the BEiT predicts hidden tokens of photographs far better than by chance", async () => {
  const { beit, preprocessing } = await openBeit(bytesSource(beitWeights), cpu);
  expect(beit.config).toEqual(pretrainSmall.model);
  const losses: number[] = [];
  for (const path of samples) {
    const image = await readImage(path);
    const ids = await tokenize(tokenizer, imageTensor([image], { size: 56 }, cpu)).read();
    const pixels = viewBatch([evalView(image, evalViewFields(preprocessing))], beit.config, cpu);
    for (let seed = 0; seed < 5; seed++) {
      const mask = blockwiseMask({ rows: 14, cols: 14 }, { count: 75 }, createRng(seed));
      const targets = Int32Array.from(maskedIndices(mask), (cell) => ids[cell]);
      const logits = visualTokenLogits(beit, encode(beit, pixels, { mask }), mask);
      losses.push((await crossEntropy(logits, tensor(targets, [targets.length], cpu, "int32")).read())[0]);
    }
  }
  // A blind guess costs ln 1024 = 6.93. All tokens come about as often, so knowing how often helps little: 6.90 on these four.
  expect(losses.reduce((a, b) => a + b) / losses.length).toBeLessThan(6.3);
});
