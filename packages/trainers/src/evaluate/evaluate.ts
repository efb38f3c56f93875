// What a model can do, measured on images it was not trained on.
import { disposeTree, leaves, scope, tensor, type Tensor } from "@beitjs/tensor-core";
import { classLogits, encode, gridOf, visualTokenLoss, type Beit } from "@beitjs/beit-encoder";
import {
  createUsageCounter,
  detokenize,
  tokenize,
  type CodebookUsage,
  type Tokenizer,
  type TokenizerEncoder,
} from "@beitjs/dvae-tokenizer";
import { batches, evalView, stack, type Dataset, type EvalViewOptions } from "../data/index.ts";
import { createMaskDrawer, maskedTargets } from "../masks.ts";
import { encoderAndTokenizer, firstUnequal } from "../match.ts";
import type { MaskRecipe } from "../recipes/recipe.ts";
import { checkView, viewBatch } from "../view-batch.ts";

export type ClassifierScores = {
  readonly images: number;
  readonly accuracy: number;
  /** Share of images whose class is among the five most likely (among all, with fewer than five classes). */
  readonly top5: number;
  /** Rows: true class, columns: predicted class. */
  readonly confusion: readonly (readonly number[])[];
};

/** Top-1 and top-5 accuracy of a classifier on labeled images. */
export async function evaluateClassifier(
  beit: Beit,
  images: Dataset,
  {
    view,
    batchSize = 100,
    signal,
  }: { readonly view: EvalViewOptions; readonly batchSize?: number; readonly signal?: AbortSignal },
): Promise<ClassifierScores> {
  const { config, params } = beit;
  checkView("evaluateClassifier", view, config);
  const { backend } = params.classToken;
  const confusion = Array.from({ length: config.classes }, () => new Array<number>(config.classes).fill(0));
  let right = 0;
  let amongFive = 0;
  const data = inOrder(images, batchSize, signal, ({ image, label }) => ({
    pixels: evalView(image, view),
    label: label as number,
  }));
  for await (const { items } of data) {
    const views = items.map(({ pixels }) => pixels);
    const logits = scope(backend, () => classLogits(beit, encode(beit, viewBatch(views, config, backend))));
    const values = await logits.read();
    logits.dispose();
    items.forEach(({ label }, i) => {
      const row = values.subarray(i * config.classes, (i + 1) * config.classes);
      const better = row.filter((logit, other) => logit > row[label] || (logit === row[label] && other < label)).length;
      if (better === 0) right++;
      if (better < 5) amongFive++;
      confusion[label][row.indexOf(Math.max(...row))]++;
    });
  }
  return { images: images.length, accuracy: right / images.length, top5: amongFive / images.length, confusion };
}

export type PretrainingScores = { readonly loss: number; readonly accuracy: number; readonly maskedPatches: number };

/**
 * Loss and accuracy of masked image modeling on images, each with the mask that `seed` gives it.
 *
 * @throws if tokenizer, encoder and views do not fit each other
 */
export async function evaluatePretraining(
  beit: Beit,
  tokenizer: TokenizerEncoder,
  images: Dataset,
  options: {
    readonly mask: MaskRecipe;
    readonly pixelView: EvalViewOptions;
    readonly tokenView: EvalViewOptions;
    readonly seed: number;
    readonly batchSize?: number;
  },
): Promise<PretrainingScores> {
  const { backend } = beit.params.classToken;
  const { mask, seed } = options;
  const unequal = firstUnequal(encoderAndTokenizer(beit.config, tokenizer.config));
  if (unequal) throw new Error(`[evaluatePretraining] ${unequal}`);
  checkView("evaluatePretraining", options.pixelView, beit.config);
  checkView("evaluatePretraining", options.tokenView, tokenizer.config);
  const grid = gridOf(beit.config);
  const drawMasks = await createMaskDrawer();
  let [loss, right, count] = [0, 0, 0];
  const data = inOrder(images, options.batchSize ?? 100, undefined, ({ image }) => ({
    pixels: evalView(image, options.pixelView),
    tokens: evalView(image, options.tokenView),
  }));
  for await (const { items, indices, epoch } of data) {
    const addresses = indices.map((index) => ({ seed, epoch, index }));
    const masks = drawMasks(grid, mask, addresses);
    const ids = await tokensOf(
      tokenizer,
      items.map(({ tokens }) => tokens),
    );
    const expected = maskedTargets(ids, masks);
    const results = scope(backend, () => {
      const views = items.map((item) => item.pixels);
      const pixels = viewBatch(views, beit.config, backend);
      const targets = tensor(expected, [expected.length], backend, "int32");
      return visualTokenLoss(beit, encode(beit, pixels, { mask: masks }), { mask: masks, targets });
    });
    loss += (await results.loss.read())[0] * expected.length;
    right += (await results.predictions.read()).filter((id, i) => id === expected[i]).length;
    count += expected.length;
    disposeTree(results);
  }
  return { loss: loss / count, accuracy: right / count, maskedPatches: count };
}

export type TokenizerScores = {
  /** Mean absolute error of the hard reconstruction, pixels in [-1, 1] (the paper's measure, Table 8). */
  readonly meanAbsoluteError: number;
  readonly usage: CodebookUsage;
  readonly counts: readonly number[];
};

/** Reconstruction error and codebook use of a tokenizer, with hard tokens. */
export async function evaluateTokenizer(
  tokenizer: Tokenizer,
  images: Dataset,
  { view, batchSize = 100 }: { readonly view: EvalViewOptions; readonly batchSize?: number },
): Promise<TokenizerScores> {
  const { config, params } = tokenizer;
  checkView("evaluateTokenizer", view, config);
  const { backend } = params.codebook.table;
  const counter = createUsageCounter(config.vocabSize);
  let [error, pixels] = [0, 0];
  for await (const { items } of inOrder(images, batchSize, undefined, ({ image }) => evalView(image, view))) {
    const values = stack(items);
    const results = scope(backend, () => {
      const tokens = tokenize(tokenizer, viewBatch(items, config, backend));
      return { tokens, restored: detokenize(tokenizer, tokens) };
    });
    counter.add(await results.tokens.read());
    (await results.restored.read()).forEach((value, i) => (error += 2 * Math.abs(value - values[i])));
    pixels += values.length;
    disposeTree(results);
  }
  return { meanAbsoluteError: error / pixels, usage: counter.usage(), counts: [...counter.counts] };
}

/** Visual tokens of token views (unit range), one grid after another. */
export async function tokensOf(
  tokenizer: TokenizerEncoder,
  views: readonly Float32Array[],
): Promise<ArrayLike<number>> {
  const { config, params } = tokenizer;
  const [[, { backend }]] = leaves<Tensor>(params);
  const tokens = scope(backend, () => tokenize(tokenizer, viewBatch(views, config, backend)));
  const ids = await tokens.read();
  tokens.dispose();
  return ids;
}

/** Batches of all images in their own order, what does not fill one included. */
export function inOrder<T>(
  images: Dataset,
  batchSize: number,
  signal: AbortSignal | undefined,
  prepare: Parameters<typeof batches<T>>[1],
) {
  const options = {
    batchSize: Math.min(batchSize, images.length),
    seed: 0,
    epochs: 1,
    shuffle: false,
    dropLast: false,
  };
  return batches(images, prepare, { ...options, ...(signal && { signal }) });
}
