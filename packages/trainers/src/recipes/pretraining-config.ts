// The model that a recipe of pre-training trains: the encoder as the recipe has it, and behind it what predicts hidden patches.
import type { BeitConfig } from "@beitjs/beit-encoder";
import type { PretrainRecipe } from "./recipe.ts";

/** A decoder for encoders of a few hundred channels and less. */
export const smallDecoder = { width: 64, depth: 2, heads: 2 } as const;

/** How pixels are compared where a recipe does not say. */
export const pixelDefaults = { normalized: true, error: "squared" } as const;

/**
 * The config of a recipe's model with what its `encoder`, `decoder` and `target` say. BEiT's own way, all patches and tokens, is the
 * recipe's `model` as it is; other ways have no visual-token head on the encoder, and a norm over its tokens.
 */
export function pretrainingConfig({
  model,
  encoder,
  decoder,
  target,
}: Pick<PretrainRecipe, "model" | "encoder" | "decoder" | "target">): BeitConfig {
  if (encoder === "all" && target === "tokens") return model;
  const bare: BeitConfig = { ...model, vocabSize: 0, poolingNorm: "before" };
  if (encoder === "all") return { ...bare, pixelHead: true };
  if (!decoder) throw new Error("[pretrainingConfig] expected a decoder with encoder visible, got none");
  return { ...bare, decoder: { ...decoder, vocabSize: target === "tokens" ? model.vocabSize : 0 } };
}
