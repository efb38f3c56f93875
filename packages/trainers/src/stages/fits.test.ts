// What does not fit each other is refused where it meets, though its numbers would pass.
import { initBeit } from "@beitjs/beit-encoder";
import { initTokenizer } from "@beitjs/dvae-tokenizer";
import { disposeTree } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { afterAll, describe, expect, it } from "vitest";
import { evaluateClassifier } from "../evaluate/classifier.ts";
import { evaluatePretraining } from "../evaluate/pretraining.ts";
import { evaluateTokenizer } from "../evaluate/tokenizer.ts";
import { tinyEvalView, tinyFineTune, tinyImages, tinyPretrain, tinyTokenizer } from "../testing.ts";
import { fineTune } from "./fine-tune.ts";

const simd = await createSimdBackend({ threads: 1 });
afterAll(() => simd.dispose());
const images = tinyImages();
const rng = createRng(1);
const unitView = { ...tinyEvalView, normalization: "unit" } as const;
const mask = { mask: tinyPretrain.mask, seed: 1 };

// 8 x 4 and 4 x 8 have as many pixels.
describe("a rectangle that stands is not one that lies", () => {
  const size = [8, 4] as const;
  const lying = { ...tinyEvalView, size: [4, 8] } as const;
  const told = "expected views of 8 x 4 x 1 (height, width, channels) as the model sees them, got 4 x 8 x 1";

  it("in fine-tuning, and to a classifier that is measured", async () => {
    const from = initBeit({ ...tinyFineTune.model, imageSize: size, classes: 2 }, rng, simd);
    const model = { ...tinyFineTune.model, imageSize: lying.size };
    const recipe = { ...tinyFineTune, model, view: { ...tinyFineTune.view, size: lying.size }, evalView: lying };
    await expect(fineTune({ recipe, images, backend: simd, from }).next()).rejects.toThrow(`[fineTune] ${told}`);
    await expect(evaluateClassifier(from, images, { view: lying })).rejects.toThrow(`[evaluateClassifier] ${told}`);
    disposeTree(from.params);
  });

  it("to a tokenizer and a pre-trained BEiT that are measured", async () => {
    const tokenizer = initTokenizer({ ...tinyTokenizer.model, imageSize: size }, rng, simd);
    await expect(evaluateTokenizer(tokenizer, images, { view: lying })).rejects.toThrow(`[evaluateTokenizer] ${told}`);
    const beit = initBeit({ ...tinyPretrain.model, imageSize: size }, rng, simd);
    for (const [pixelSize, tokenSize] of [
      [lying.size, size],
      [size, lying.size],
    ]) {
      const views = { pixelView: { ...lying, size: pixelSize }, tokenView: { ...unitView, size: tokenSize } };
      await expect(evaluatePretraining(beit, tokenizer, images, { ...mask, ...views })).rejects.toThrow(
        `[evaluatePretraining] ${told}`,
      );
    }
    disposeTree([beit.params, tokenizer.params]);
  });
});

describe("evaluatePretraining", () => {
  it.each([
    ["vocabSize of the codebook's, got 4 and 8", { vocabSize: 4 }],
    ["patch grid and token grid to be the same, got 2x8 and 4x4", { imageSize: [4, 16] as const }],
  ])("refuses a tokenizer of other tokens: %s", async (told, change) => {
    const tokenizer = initTokenizer(tinyTokenizer.model, rng, simd);
    const beit = initBeit({ ...tinyPretrain.model, ...change }, rng, simd);
    const views = { pixelView: tinyEvalView, tokenView: unitView };
    await expect(evaluatePretraining(beit, tokenizer, images, { ...mask, ...views })).rejects.toThrow(
      `[evaluatePretraining] expected ${told}`,
    );
    disposeTree([beit.params, tokenizer.params]);
  });
});
