// Images through a tokenizer and back, with hard tokens, and how far they come back from where they were.
import { detokenize, tokenGridOf, tokenize, type Tokenizer } from "@beitjs/dvae-tokenizer";
import { disposeTree, scope } from "@beitjs/tensor-core";
import { cellCount, type Grid } from "@beitjs/tensor-core/grid";
import { imagesOf, type Image } from "@beitjs/tensor-core/image";
import { viewBatch } from "@beitjs/trainers";

export type ReconstructedImage = {
  /** As the tokenizer sees it. */
  readonly image: Image;
  readonly grid: Grid;
  /** Row by row. */
  readonly visualTokens: readonly number[];
  readonly restored: Image;
  /** Of pixels in [-1, 1]. (BEiT paper, table 8) */
  readonly meanAbsoluteError: number;
};

/** Reconstructs token views, values in [0, 1]. */
export async function reconstruct(tokenizer: Tokenizer, views: readonly Float32Array[]): Promise<ReconstructedImage[]> {
  const { config, params } = tokenizer;
  const { backend } = params.codebook.table;
  const results = scope(backend, () => {
    const tokens = tokenize(tokenizer, viewBatch(views, config, backend));
    return { tokens, restored: detokenize(tokenizer, tokens) };
  });
  const ids = Array.from(await results.tokens.read());
  const values = Float32Array.from(await results.restored.read());
  disposeTree(results);
  const grid = tokenGridOf(config);
  const [cells, size] = [cellCount(grid), values.length / views.length];
  const images = imagesOf(values, config);
  return views.map((view, i) => {
    const restored = values.subarray(i * size, (i + 1) * size);
    return {
      image: imagesOf(view, config)[0],
      grid,
      visualTokens: ids.slice(i * cells, (i + 1) * cells),
      restored: images[i],
      meanAbsoluteError: restored.reduce((sum, value, at) => sum + 2 * Math.abs(value - view[at]), 0) / size,
    };
  });
}
