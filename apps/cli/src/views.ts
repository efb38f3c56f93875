// Fixed views of an image, central and square, as evaluation and pictures want them.
import type { EvalViewOptions, FineTuneRecipe, PretrainRecipe } from "@beitjs/trainers";

const fit = { kind: "centerCrop", cropRatio: 1 } as const;

/** What a tokenizer sees: values in [0, 1]. */
export function tokenEvalView(channels: 1 | 3, size: number): EvalViewOptions {
  return { channels, size, fit, filter: "lanczos", normalization: "unit" };
}

/** What an encoder sees. */
export function pixelEvalView(recipe: PretrainRecipe | FineTuneRecipe): EvalViewOptions {
  if (recipe.stage === "fine-tune") return recipe.evalView;
  const { channels, pixelSize, mean, std } = recipe.views;
  return { channels, size: pixelSize, fit, filter: "bicubic", normalization: { mean, std } };
}
