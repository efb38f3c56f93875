// Images to tokens: patches are projected, masked ones replaced, the class token put in front, positions added, in this
// order, so that a masked patch keeps its position. (BEiT paper, sections 2.1 and 2.2)
import type { Tensor } from "@beitjs/tensor-core";
import { linear } from "@beitjs/tensor-core/nn";
import { assembleTokens, patchify } from "@beitjs/tensor-core/ops";
import type { Beit } from "./parameters.ts";

/** [B, H, W, C] and, optionally, int32 [B, N] -> [B, N + 1, D] */
export function embedPatches({ config, params }: Beit, pixels: Tensor, mask?: Tensor): Tensor {
  const { classToken, maskToken, positions } = params;
  const patches = linear(patchify(pixels, config), params.patchEmbedding); // [B, N, D]
  return assembleTokens(patches, { classToken, maskToken, mask, position: positions }); // [B, N + 1, D]
}
