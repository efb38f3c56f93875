// Images to tokens: patches are projected, masked ones replaced, the class token put in front, positions added, in this
// order, so that a masked patch keeps its position. (BEiT paper, sections 2.1 and 2.2)
import { tensor, type Tensor } from "@beitjs/tensor-core";
import { linear } from "@beitjs/tensor-core/nn";
import { assembleTokens, gatherRows, patchify, reshape, residual } from "@beitjs/tensor-core/ops";
import { gridOf, type BeitConfig } from "./config.ts";
import type { VisiblePatches } from "./masks.ts";
import type { Beit } from "./parameters.ts";

/** [B, H, W, C] and, optionally, int32 [B, N] -> [B, N + 1, D] */
export function embedPatches({ config, params }: Beit, pixels: Tensor, mask?: Tensor): Tensor {
  const { classToken, maskToken, positions } = params;
  const patches = linear(patchPixels(pixels, config), params.patchEmbedding); // [B, N, D]
  return assembleTokens(patches, { classToken, maskToken, mask, position: positions }); // [B, N + 1, D]
}

/** Of the patches alone that are not hidden, each with its position; the others are not looked at. [B, H, W, C] -> [B, V + 1, D] */
export function embedVisible({ config, params }: Beit, pixels: Tensor, visible: VisiblePatches): Tensor {
  const { backend } = pixels;
  const { classToken, positions } = params;
  const pick = (x: Tensor, rows: Int32Array): Tensor => gatherRows(x, tensor(rows, [rows.length], backend, "int32"));
  const all = patchPixels(pixels, config); // [B, N, P P C]
  const [batch, count, size] = all.shape;
  const seen = pick(reshape(all, [batch * count, size]), visible.rows); // [B V, P P C]
  const patches = reshape(linear(seen, params.patchEmbedding), [batch, visible.count, config.width]);
  const tokens = assembleTokens(patches, { classToken }); // [B, V + 1, D]
  return positions ? residual(tokens, reshape(pick(positions, visible.positions), tokens.shape)) : tokens;
}

/** Registers behind all other tokens, so that class token and patches keep their rows. [B, T, D] -> [B, T + R, D] */
export function withRegisters(tokens: Tensor, registers: Tensor): Tensor {
  const { backend } = tokens;
  const [batch, count, width] = tokens.shape;
  const length = count + registers.shape[0];
  let all = tokens;
  // One after another in front, the last one first, and from there to the end.
  for (let register = registers.shape[0] - 1; register >= 0; register--) {
    const row = gatherRows(registers, tensor([register], [1], backend, "int32"));
    all = assembleTokens(all, { classToken: reshape(row, [width]) });
  }
  const order = Int32Array.from({ length: batch * length }, (_, i) => {
    const token = i % length;
    return i - token + ((token + registers.shape[0]) % length);
  });
  const rows = gatherRows(reshape(all, [batch * length, width]), tensor(order, [order.length], backend, "int32"));
  return reshape(rows, [batch, length, width]);
}

/** Tokens without the registers behind them. [B, T + R, D] -> [B, T, D] */
export function withoutRegisters(tokens: Tensor, registers: Tensor): Tensor {
  const [batch, length, width] = tokens.shape;
  const count = length - registers.shape[0];
  const kept = firstOfEach(batch, length, count, tokens);
  return reshape(gatherRows(reshape(tokens, [batch * length, width]), kept), [batch, count, width]);
}

/** Pixels of all patches, row by row, channels last. [B, H, W, C] -> [B, N, P P C] */
export function patchPixels(pixels: Tensor, config: BeitConfig): Tensor {
  return patchify(wholePatches(pixels, config), config);
}

// Without the pixels right and below that no whole patch covers. [B, H, W, C] -> [B, rows P, columns P, C]
function wholePatches(pixels: Tensor, config: BeitConfig): Tensor {
  const [batch, height, width, channels] = pixels.shape;
  const { rows, cols } = gridOf(config);
  const [high, wide] = [rows * config.patchSize, cols * config.patchSize];
  if (high === height && wide === width) return pixels;
  const rowsOfPixels = reshape(pixels, [batch * height, width * channels]);
  const upper = gatherRows(rowsOfPixels, firstOfEach(batch, height, high, pixels)); // [B rows P, W C]
  const columns = reshape(upper, [batch * high * width, channels]);
  return reshape(gatherRows(columns, firstOfEach(batch * high, width, wide, pixels)), [batch, high, wide, channels]);
}

// The numbers of the first `kept` rows in every `length` rows.
function firstOfEach(groups: number, length: number, kept: number, { backend }: Tensor): Tensor {
  const numbers = Int32Array.from({ length: groups * kept }, (_, i) => Math.floor(i / kept) * length + (i % kept));
  return tensor(numbers, [numbers.length], backend, "int32");
}
