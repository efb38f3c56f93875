// What a patch attends to, for pictures of self-attention. (BEiT paper, section 3.4 and appendix; the official
// visualize_attention.py shows one image a head, of the last layer, without the class token)
import { scope, tensor, type Tensor } from "@beitjs/tensor-core";
import { attentionProbabilities, layerNorm } from "@beitjs/tensor-core/nn";
import { gatherRows, reshape } from "@beitjs/tensor-core/ops";
import { patchCount } from "./config.ts";
import { checkBlocks, runBlocks, type BlockStep } from "./encoder.ts";
import type { MaskInput } from "./masks.ts";
import type { Beit } from "./parameters.ts";
import { withoutRegisters } from "./patch-embedding.ts";

export type AttentionMapsOptions = {
  /** Query patches, row-major numbers from 0. */
  readonly patches: readonly number[];
  /** Blocks from 0, ascending; default the last. */
  readonly blocks?: readonly number[];
  readonly mask?: MaskInput;
};

/**
 * Attention probabilities of chosen query patches in chosen blocks: one tensor a block, [B, heads, patches, N + 1].
 * Column 0 is the class token, column 1 + p patch p; every row sums to one, but for what a model with registers attends to those.
 *
 * @throws if there is no such block or patch
 */
export function attentionMaps(
  beit: Beit,
  pixels: Tensor,
  { patches, blocks = [beit.config.depth - 1], mask }: AttentionMapsOptions,
): readonly Tensor[] {
  checkBlocks("attentionMaps", blocks, beit);
  checkPatches(patches, patchCount(beit.config));
  return scope(pixels.backend, () => {
    const maps: Tensor[] = [];
    runBlocks(beit, pixels, { mask }, (step) => {
      if (!blocks.includes(step.index)) return;
      const map = scope(pixels.backend, () =>
        withoutColumns(queryRows(blockAttention(beit, step), patches), beit.params.registers),
      );
      maps.push(map);
    });
    return maps;
  });
}

/** @internal What all tokens of a block attend to, those that no picture shows among them. [B, heads, T, T] */
export function blockAttention({ params, config }: Beit, { index, input, bias }: BlockStep): Tensor {
  const { norm1, attention } = params.blocks[index];
  const { heads } = config;
  return scope(input.backend, () =>
    attentionProbabilities(attention, layerNorm(input, norm1, config), { heads, bias: bias() }),
  );
}

/**
 * Which of the values hold the largest share `mass` of their sum: 1 = kept. The official pictures use 0.6: sorted
 * ascending, a value is kept where the running share exceeds 1 - mass.
 */
export function largestMass(values: ArrayLike<number>, mass: number): Uint8Array {
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const total = order.reduce((sum, i) => sum + values[i], 0);
  const kept = new Uint8Array(values.length);
  let running = 0;
  for (const i of order) {
    running += values[i] / total;
    if (running > 1 - mass) kept[i] = 1;
  }
  return kept;
}

// [B, H, N, N] -> [B, H, patches, N]
function queryRows(probabilities: Tensor, patches: readonly number[]): Tensor {
  const [batch, heads, tokens] = probabilities.shape;
  const images = Array.from({ length: batch * heads }, (_, image) => image);
  const rows = images.flatMap((image) => patches.map((patch) => image * tokens + 1 + patch));
  const index = tensor(rows, [rows.length], probabilities.backend, "int32");
  const picked = gatherRows(reshape(probabilities, [batch * heads * tokens, tokens]), index);
  return reshape(picked, [batch, heads, patches.length, tokens]);
}

// [B, H, patches, N + R] -> [B, H, patches, N]
function withoutColumns(map: Tensor, registers: Tensor | undefined): Tensor {
  if (!registers) return map;
  const tokens = map.shape[3];
  const kept = withoutRegisters(reshape(map, [map.size / tokens, tokens, 1]), registers);
  return reshape(kept, [...map.shape.slice(0, 3), kept.shape[1]]);
}

function checkPatches(patches: readonly number[], count: number): void {
  for (const patch of patches) {
    if (Number.isInteger(patch) && patch >= 0 && patch < count) continue;
    throw new RangeError(`[attentionMaps] expected patches in [0, ${count}), got ${patch}`);
  }
}
