// Visual tokens of the host to pixels of the host: what pictures, reports and pages are painted from.
import { leaves, scope, tensor, type Tensor } from "@beitjs/tensor-core";
import { cellCount } from "@beitjs/tensor-core/grid";
import { tokenGridOf } from "./config.ts";
import { detokenize, type Tokenizer } from "./tokenizer.ts";

/**
 * Pixels of visual tokens, grid after grid, each row by row. -> values in [0, 1] of [B, H, W, C]
 *
 * @throws `[decodeTokens] expected …` for a number of tokens that fills no grids
 */
export async function decodeTokens(tokenizer: Tokenizer, visualTokens: ArrayLike<number>): Promise<Float32Array> {
  const grid = tokenGridOf(tokenizer.config);
  const batch = visualTokens.length / cellCount(grid);
  if (!Number.isInteger(batch)) {
    throw new Error(`[decodeTokens] expected a multiple of ${cellCount(grid)} tokens, got ${visualTokens.length}`);
  }
  const [[, { backend }]] = leaves<Tensor>(tokenizer.params);
  const shape = [batch, grid.rows, grid.cols];
  const images = scope(backend, () =>
    detokenize(tokenizer, tensor(Int32Array.from(visualTokens), shape, backend, "int32")),
  );
  const values = Float32Array.from(await images.read());
  images.dispose();
  return values;
}
