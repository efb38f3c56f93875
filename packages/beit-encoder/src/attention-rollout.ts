// How much of each input token has reached a token at the end, if every block mixes tokens as its heads attend on average and half of a
// token goes on as it was. (Abnar and Zuidema 2020, section 3: attention rollout)
import { disposeTree, scope, type Tensor } from "@beitjs/tensor-core";
import { blockAttention } from "./attention-maps.ts";
import { runBlocks } from "./encoder.ts";
import type { Beit } from "./parameters.ts";

/**
 * Attention rollout of every image, [T, T] row by row: row 0 is of the class token, and so is column 0; every row sums to one,
 * but for the share of a model's registers. [B, H, W, C] -> B times [T * T]
 */
export async function attentionRollout(beit: Beit, pixels: Tensor): Promise<readonly Float64Array[]> {
  const maps = scope(pixels.backend, () => {
    const all: Tensor[] = [];
    runBlocks(beit, pixels, {}, (step) => void all.push(blockAttention(beit, step)));
    return all; // [B, heads, T, T] each
  });
  const [batch, , tokens] = maps[0].shape;
  const identity = Float64Array.from({ length: tokens * tokens }, (_, i) => (i % (tokens + 1) === 0 ? 1 : 0));
  let rollouts: readonly Float64Array[] = Array.from({ length: batch }, () => identity);
  for (const map of maps) {
    const values = await map.read();
    rollouts = rollouts.map((before, image) =>
      throughBlock(values, before, { image, heads: beit.config.heads, tokens }),
    );
  }
  disposeTree(maps);
  const { registers = 0 } = beit.config;
  return registers === 0 ? rollouts : rollouts.map((rollout) => withoutLast(rollout, tokens, registers));
}

// [T + R, T + R] -> [T, T]
function withoutLast(rollout: Float64Array, length: number, registers: number): Float64Array {
  const kept = length - registers;
  return Float64Array.from({ length: kept * kept }, (_, i) => rollout[Math.floor(i / kept) * length + (i % kept)]);
}

type Place = { readonly image: number; readonly heads: number; readonly tokens: number };

// (mean of the heads + identity) / 2, times what reached the block's input.
function throughBlock(values: ArrayLike<number>, before: Float64Array, { image, heads, tokens }: Place): Float64Array {
  const out = Float64Array.from(before, (value) => value / 2);
  for (let query = 0; query < tokens; query++) {
    for (let key = 0; key < tokens; key++) {
      let share = 0;
      for (let head = 0; head < heads; head++)
        share += values[((image * heads + head) * tokens + query) * tokens + key];
      share /= 2 * heads;
      for (let i = 0; i < tokens; i++) out[query * tokens + i] += share * before[key * tokens + i];
    }
  }
  return out;
}
