// What a pre-trained model makes of hidden patches, measured on images.
import { disposeTree, scope, tensor, type Tensor } from "@beitjs/tensor-core";
import {
  encodeMasked,
  gridOf,
  patchPixels,
  pixelLoss,
  pixelPredictions,
  withPatchStatistics,
  type Beit,
} from "@beitjs/beit-encoder";
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import type { Mask } from "@beitjs/masking";
import { evalView, type Dataset, type EvalViewOptions } from "../data/index.ts";
import { createMaskDrawer, maskedTargets } from "../masks.ts";
import { tokenizerMismatch } from "../match.ts";
import { pixelDefaults } from "../recipes/pretraining-config.ts";
import type { MaskRecipe, PretrainRecipe } from "../recipes/recipe.ts";
import { createMaskedCount, tellsVisible, type MaskedAccuracy } from "../stages/masked-accuracy.ts";
import { comparedPatches, maskedObjective, type MaskedTarget } from "../stages/masked-objective.ts";
import type { Metrics } from "../validation.ts";
import { checkView, viewBatch } from "../view-batch.ts";
import { inOrder } from "./in-order.ts";
import { tokensOf } from "./tokenizer.ts";

export type PretrainingScores = MaskedAccuracy & { readonly loss: number; readonly maskedPatches: number };

/** Of models that predict pixels. */
export type PixelScores = {
  readonly loss: number;
  /** Mean squared error of hidden pixels in the values that the encoder sees; the patches' own mean and deviation are put back. */
  readonly pixelError: number;
  readonly maskedPatches: number;
};

/** What a pre-trained model can do, of visual tokens or of pixels. */
export type MaskedScores = PretrainingScores | PixelScores;

/** By what pre-trained encoders are compared. */
export const pretrainingMetrics: Metrics<PretrainingScores> = {
  loss: { better: "lower", of: ({ loss }) => loss },
  accuracy: { better: "higher", of: ({ accuracy }) => accuracy },
};

/** By what models that predict pixels are compared. */
export const pixelMetrics: Metrics<PixelScores> = {
  loss: { better: "lower", of: ({ loss }) => loss },
  pixelError: { better: "lower", of: ({ pixelError }) => pixelError },
};

const splitMetrics: Metrics<PretrainingScores> = {
  ...pretrainingMetrics,
  visibleAccuracy: { better: "higher", of: ({ visibleAccuracy }) => visibleAccuracy as number },
};

/** By what the models of a recipe are compared. */
export function pretrainingMetricsOf(recipe: Pick<PretrainRecipe, "target" | "loss" | "mask">): Metrics<MaskedScores> {
  const ofTokens = tellsVisible(recipe) ? splitMetrics : pretrainingMetrics;
  // Scores of a kind of target meet the metrics of that kind alone.
  return (recipe.target === "tokens" ? ofTokens : pixelMetrics) as Metrics<MaskedScores>;
}

export type MaskedOptions = Partial<Pick<MaskedTarget, "loss" | "pixels">> & {
  readonly mask: MaskRecipe;
  readonly pixelView: EvalViewOptions;
  readonly seed: number;
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
};

/**
 * Loss and accuracy of masked image modeling on images, each with the mask that `seed` gives it.
 *
 * @throws if tokenizer, encoder and views do not fit each other
 */
export async function evaluatePretraining(
  beit: Beit,
  tokenizer: TokenizerEncoder,
  images: Dataset,
  options: MaskedOptions & { readonly tokenView: EvalViewOptions },
): Promise<PretrainingScores> {
  const { backend } = beit.params.classToken;
  const { loss: over = "masked", mask } = options;
  const unequal = tokenizerMismatch(beit.config, tokenizer.config);
  if (unequal) throw new Error(`[evaluatePretraining] ${unequal}`);
  checkView("evaluatePretraining", options.pixelView, beit.config);
  checkView("evaluatePretraining", options.tokenView, tokenizer.config);
  const count = createMaskedCount({ loss: over, mask });
  let [loss, compared] = [0, 0];
  for await (const { views, masks } of maskedViews(beit, images, options, options.tokenView)) {
    const ids = await tokensOf(
      tokenizer,
      views.map(({ tokens }) => tokens as Float32Array),
    );
    const expected = over === "masked" ? maskedTargets(ids, masks) : Int32Array.from(ids);
    const results = scope(backend, () => {
      const pixels = pixelsOf(views, beit);
      const targets = tensor(expected, [expected.length], backend, "int32");
      return maskedObjective(beit, { masks, pixels, targets }, { target: "tokens", loss: over });
    });
    loss += (await results.loss.read())[0] * expected.length;
    const predictions = await results["predictions"].read();
    count.add({ masks, expected, predictions });
    compared += expected.length;
    disposeTree(results);
  }
  return { loss: loss / compared, ...count.accuracy(), maskedPatches: count.hidden };
}

/**
 * Error of the pixels that are predicted for hidden patches of images, each with the mask that `seed` gives it.
 *
 * @throws if encoder and view do not fit each other
 */
export async function evaluatePixels(beit: Beit, images: Dataset, options: MaskedOptions): Promise<PixelScores> {
  const { backend } = beit.params.classToken;
  const { loss: over = "masked", pixels: how = pixelDefaults, mask } = options;
  checkView("evaluatePixels", options.pixelView, beit.config);
  let [loss, compared, squares, values, maskedPatches] = [0, 0, 0, 0, 0];
  for await (const { views, masks } of maskedViews(beit, images, options)) {
    // Where nothing is hidden, what is told is of all patches.
    const hidden = mask.kind === "none" ? {} : { mask: masks };
    const results = scope(backend, () => {
      const pixels = pixelsOf(views, beit);
      const tokens = encodeMasked(beit, pixels, { mask: masks });
      const loss = pixelLoss(beit, tokens, pixels, { ...how, ...(over === "masked" && { mask: masks }) });
      return { loss, predictions: pixelPredictions(beit, tokens, hidden), patches: patchPixels(pixels, beit.config) };
    });
    const count = comparedPatches(masks, { loss: over });
    loss += (await results.loss.read())[0] * count;
    compared += count;
    maskedPatches += comparedPatches(masks, { loss: "masked" });
    const [predictions, patches] = await Promise.all([results.predictions.read(), results.patches.read()]);
    const cells = mask.kind === "none" ? undefined : masks.flatMap((one) => Array.from(one.cells));
    squares += squaredErrors(Float32Array.from(predictions), Float32Array.from(patches), {
      size: results.patches.shape[2],
      cells,
      normalized: how.normalized,
    });
    values += predictions.length;
    disposeTree(results);
  }
  return { loss: loss / compared, pixelError: squares / values, maskedPatches };
}

// Summed over the patches that `cells` hide, or over all.
function squaredErrors(
  predictions: Float32Array,
  patches: Float32Array,
  {
    size,
    cells,
    normalized,
  }: { readonly size: number; readonly cells: readonly number[] | undefined; readonly normalized: boolean },
): number {
  let [sum, next] = [0, 0];
  for (let at = 0; at < patches.length / size; at++) {
    if (cells?.[at] === 0) continue;
    const patch = patches.subarray(at * size, (at + 1) * size);
    const own = predictions.subarray(next * size, (next + 1) * size);
    const predicted = normalized ? withPatchStatistics(own, patch) : own;
    for (let i = 0; i < size; i++) sum += (predicted[i] - patch[i]) ** 2;
    next++;
  }
  return sum;
}

type Views = { readonly pixels: Float32Array; readonly tokens: Float32Array | undefined };

// Images in their order, a batch at a time, with their masks.
async function* maskedViews(
  { config }: Beit,
  images: Dataset,
  { mask, seed, pixelView, batchSize = 100, signal }: MaskedOptions,
  tokenView?: EvalViewOptions,
): AsyncGenerator<{ readonly views: readonly Views[]; readonly masks: readonly Mask[] }, void, void> {
  const grid = gridOf(config);
  const drawMasks = await createMaskDrawer();
  const data = inOrder(images, batchSize, signal, ({ image }) => ({
    pixels: evalView(image, pixelView),
    tokens: tokenView && evalView(image, tokenView),
  }));
  for await (const { items, indices, epoch } of data) {
    const addresses = indices.map((index) => ({ seed, epoch, index }));
    yield { views: items, masks: drawMasks(grid, mask, addresses) };
  }
}

function pixelsOf(views: readonly Views[], { config, params }: Beit): Tensor {
  const all = views.map(({ pixels }) => pixels);
  return viewBatch(all, config, params.classToken.backend);
}
