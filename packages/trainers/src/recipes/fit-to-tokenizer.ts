// A recipe for another tokenizer than the one it was written for.
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import type { PretrainRecipe } from "./recipe.ts";

/**
 * The recipe with what follows from the tokenizer: its codebook is predicted, and it sees images of its own size. Grid and
 * channels of encoder and tokenizer have to be the same all the same, which `pretrain` checks.
 *
 * @example pretrain({ recipe: fitToTokenizer(pretrainTiny, tokenizer), tokenizer, images, backend })
 */
export function fitToTokenizer(
  recipe: PretrainRecipe,
  { config }: { readonly config: Pick<TokenizerEncoder["config"], "vocabSize" | "imageSize"> },
): PretrainRecipe {
  return {
    ...recipe,
    model: { ...recipe.model, vocabSize: config.vocabSize },
    views: { ...recipe.views, tokenSize: config.imageSize },
  };
}
