// Images through a tokenizer and back, with hard tokens, and how far they come back from where they were.
import { detokenize, gridSide, tokenize, type Tokenizer } from "@beitjs/dvae-tokenizer";
import { disposeTree, scope, tensor } from "@beitjs/tensor-core";
import { fromFloat, type Image } from "@beitjs/tensor-core/image";
import { viewBatch } from "@beitjs/trainers";

export type Reconstruction = {
  /** As the tokenizer sees it. */
  readonly image: Image;
  /** Row by row. */
  readonly visualTokens: readonly number[];
  readonly restored: Image;
  /** Of pixels in [-1, 1]. (BEiT paper, table 8) */
  readonly meanAbsoluteError: number;
};

/** Reconstructs token views, values in [0, 1]. */
export async function reconstruct(tokenizer: Tokenizer, views: readonly Float32Array[]): Promise<Reconstruction[]> {
  const { config, params } = tokenizer;
  const { imageSize, channels } = config;
  const { backend } = params.codebook.table;
  const results = scope(backend, () => {
    const tokens = tokenize(tokenizer, viewBatch(views, config, backend));
    return { tokens, restored: detokenize(tokenizer, tokens) };
  });
  const ids = Array.from(await results.tokens.read());
  const values = Float32Array.from(await results.restored.read());
  disposeTree(results);
  const [cells, size] = [gridSide(config) ** 2, imageSize ** 2 * channels];
  return views.map((view, i) => {
    const restored = values.subarray(i * size, (i + 1) * size);
    return {
      image: imageOf(view, config),
      visualTokens: ids.slice(i * cells, (i + 1) * cells),
      restored: imageOf(restored, config),
      meanAbsoluteError: restored.reduce((sum, value, at) => sum + 2 * Math.abs(value - view[at]), 0) / size,
    };
  });
}

/** Images of visual tokens, each a grid row by row. */
export async function decodeTokens(tokenizer: Tokenizer, grids: readonly Int32Array[]): Promise<Image[]> {
  const { config, params } = tokenizer;
  const { backend } = params.codebook.table;
  const side = gridSide(config);
  const ids = Int32Array.from(grids.flatMap((grid) => Array.from(grid)));
  const images = scope(backend, () => detokenize(tokenizer, tensor(ids, [grids.length, side, side], backend, "int32")));
  const values = Float32Array.from(await images.read());
  disposeTree(images);
  const size = config.imageSize ** 2 * config.channels;
  return grids.map((_, i) => imageOf(values.subarray(i * size, (i + 1) * size), config));
}

function imageOf(values: Float32Array, { imageSize, channels }: Tokenizer["config"]): Image {
  return fromFloat(values, { width: imageSize, height: imageSize, channels: channels === 1 ? 1 : 3 }, "unit");
}
