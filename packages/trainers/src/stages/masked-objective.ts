// What pre-training minimizes for a batch: the error of what is predicted for its hidden patches, visual tokens or pixels. The same in
// training, in evaluation and where a run's memory is foreseen.
import type { Tensor } from "@beitjs/tensor-core";
import type { Rng } from "@beitjs/tensor-core/random";
import { encodeMasked, pixelLoss, visualTokenLoss, type Beit } from "@beitjs/beit-encoder";
import type { Mask } from "@beitjs/masking";
import { pixelDefaults } from "../recipes/pretraining-config.ts";
import type { PretrainRecipe } from "../recipes/recipe.ts";
import type { Objective } from "../update.ts";

/** What of a recipe decides what is compared. */
export type MaskedTarget = Pick<PretrainRecipe, "target" | "loss" | "pixels">;

export type MaskedBatch = {
  readonly masks: readonly Mask[];
  /** [B, H, W, C] */
  readonly pixels: Tensor;
  /** Visual tokens of the patches that count, example by example; absent where pixels are compared. */
  readonly targets?: Tensor | undefined;
};

/** Loss, and the most likely visual tokens where these are predicted. */
export function maskedObjective(
  beit: Beit,
  { masks, pixels, targets }: MaskedBatch,
  { target, loss, pixels: compared = pixelDefaults }: MaskedTarget,
  options: { readonly rng?: Rng; readonly recompute?: boolean | undefined } = {},
): Objective {
  const tokens = encodeMasked(beit, pixels, { mask: masks, ...options });
  const mask = loss === "masked" ? masks : undefined;
  return target === "tokens"
    ? visualTokenLoss(beit, tokens, { mask, targets: targets as Tensor })
    : { loss: pixelLoss(beit, tokens, pixels, { mask, ...compared }) };
}

/** How many patches count in a loss. */
export function comparedPatches(masks: readonly Mask[], { loss }: Pick<MaskedTarget, "loss">): number {
  return masks.reduce((sum, { count, cells }) => sum + (loss === "masked" ? count : cells.length), 0);
}
