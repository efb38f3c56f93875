// Where every patch looks, in every block and head.
import { attentionMaps, gridOf, patchCount, type Beit } from "@beitjs/beit-encoder";
import { scope } from "@beitjs/tensor-core";
import { viewBatch } from "@beitjs/trainers";
import type { Attention, Picture } from "../messages.ts";

/** @param view the encoder's: [H, W, C], normalized */
export async function attentionOf(beit: Beit, view: Float32Array, picture: Picture): Promise<Attention> {
  const begin = performance.now();
  const { depth, heads } = beit.config;
  const { backend } = beit.params.classToken;
  const count = patchCount(beit.config);
  const patches = Array.from({ length: count }, (_, patch) => patch);
  const blocks = Array.from({ length: depth }, (_, block) => block);
  const maps = scope(backend, () => attentionMaps(beit, viewBatch([view], beit.config, backend), { patches, blocks })); // depth x [1, heads, N, N + 1]
  const size = heads * count * (count + 1);
  const values = new Float32Array(depth * size);
  for (const [block, map] of maps.entries()) {
    values.set(await map.read(), block * size);
    map.dispose();
  }
  return { depth, heads, grid: gridOf(beit.config), values, picture, milliseconds: performance.now() - begin };
}
