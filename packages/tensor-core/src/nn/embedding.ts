// Embedding layer: a table with one row per id.
import type { Backend } from "../backend.ts";
import type { Rng } from "../random.ts";
import { tensor, type Tensor } from "../tensor.ts";
import { normal, type Initializer } from "./initializers.ts";

export { embedding } from "../ops/embedding.ts";

/** table [V, D] */
export type EmbeddingParams = { readonly table: Tensor };

/** A table drawn by `table`; default standard normal. */
export function initEmbedding(
  { rows, width, table = normal }: { readonly rows: number; readonly width: number; readonly table?: Initializer },
  rng: Rng,
  backend: Backend,
): EmbeddingParams {
  const shape = [rows, width];
  return { table: tensor(table(rng, shape), shape, backend) };
}
