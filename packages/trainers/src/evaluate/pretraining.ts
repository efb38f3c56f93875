// What a pre-trained encoder makes of hidden patches, measured on images.
import { disposeTree, scope, tensor } from "@beitjs/tensor-core";
import { encode, gridOf, visualTokenLoss, type Beit } from "@beitjs/beit-encoder";
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import { evalView, type Dataset, type EvalViewOptions } from "../data/index.ts";
import { createMaskDrawer, maskedTargets } from "../masks.ts";
import { encoderAndTokenizer, firstUnequal } from "../match.ts";
import type { MaskRecipe } from "../recipes/recipe.ts";
import type { Metrics } from "../validation.ts";
import { checkView, viewBatch } from "../view-batch.ts";
import { inOrder } from "./in-order.ts";
import { tokensOf } from "./tokenizer.ts";

export type PretrainingScores = { readonly loss: number; readonly accuracy: number; readonly maskedPatches: number };

/** By what pre-trained encoders are compared. */
export const pretrainingMetrics: Metrics<PretrainingScores> = {
  loss: { better: "lower", of: ({ loss }) => loss },
  accuracy: { better: "higher", of: ({ accuracy }) => accuracy },
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
  options: {
    readonly mask: MaskRecipe;
    readonly pixelView: EvalViewOptions;
    readonly tokenView: EvalViewOptions;
    readonly seed: number;
    readonly batchSize?: number;
    readonly signal?: AbortSignal;
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
  const data = inOrder(images, options.batchSize ?? 100, options.signal, ({ image }) => ({
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
