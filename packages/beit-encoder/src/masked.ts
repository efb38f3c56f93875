// Tokens that hidden patches are predicted from. BEiT's encoder sees a mask token in their places (section 2.3); a masked autoencoder's
// sees the other patches alone, and a small decoder puts mask tokens between what it made of them. (He et al. 2021, section 3)
import { scope, tensor, type Tensor } from "@beitjs/tensor-core";
import { layerNorm, linear, type LayerNormParams } from "@beitjs/tensor-core/nn";
import { addBias, reshape, scatterTokens } from "@beitjs/tensor-core/ops";
import { gridOf, patchCount, type DecoderConfig } from "./config.ts";
import { checkPixels, encode, runBlock, runBlocks, type EncodeOptions } from "./encoder.ts";
import { visiblePatches, type MaskInput, type VisiblePatches } from "./masks.ts";
import type { Beit, DecoderParams } from "./parameters.ts";
import { sineCosinePositions } from "./positions/sine-cosine.ts";

/**
 * Tokens of all patches with hidden ones, to predict these from: of a model without a decoder those of `encode`, of the others what the
 * decoder makes of the patches that are left. [B, H, W, C] -> [B, N + 1, W], W the encoder's width or the decoder's
 *
 * @throws as `encode`, and where a decoder's masks do not leave as many patches in every image
 */
export function encodeMasked(
  beit: Beit,
  pixels: Tensor,
  { mask, ...options }: Omit<EncodeOptions, "mask"> & { readonly mask?: MaskInput | undefined },
): Tensor {
  const { decoder } = beit.params;
  if (!decoder) return encode(beit, pixels, { mask, ...options });
  const size = { batch: checkPixels(beit, pixels), patches: patchCount(beit.config) };
  const visible = visiblePatches("encodeMasked", mask ?? { cells: new Uint8Array(size.patches) }, size);
  return scope(pixels.backend, () => {
    const encoded = runBlocks(beit, pixels, { ...options, visible }); // [B, V + 1, D]
    return decode(beit, decoder, encoded, { visible, recompute: options.recompute ?? false });
  });
}

// [B, V + 1, D] -> [B, N + 1, W]
function decode(
  { config, params }: Beit,
  decoder: DecoderParams,
  encoded: Tensor,
  { visible, recompute }: { readonly visible: VisiblePatches; readonly recompute: boolean },
): Tensor {
  const { backend } = encoded;
  const { width, heads } = config.decoder as DecoderConfig;
  const [batch, places] = [encoded.shape[0], patchCount(config) + 1];
  let x = scope(backend, () => {
    const seen = linear(layerNorm(encoded, params.norm as LayerNormParams, config), decoder.embedding); // [B, V + 1, W]
    const index = tensor(visible.places, [batch, places], backend, "int32");
    const all = scatterTokens(seen, { index, fill: decoder.maskToken }); // [B, N + 1, W]
    const positions = tensor(sineCosinePositions(gridOf(config), width), [places * width], backend);
    return reshape(addBias(reshape(all, [batch, places * width]), positions), [batch, places, width]);
  });
  for (const block of decoder.blocks) {
    const input = x;
    const call = { params: block, inputs: { x: input } };
    x = scope(backend, () => runBlock(call, { heads, epsilon: config.epsilon, recompute }));
    input.dispose();
  }
  return x;
}
