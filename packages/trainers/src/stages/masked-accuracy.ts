// How often predicted visual tokens are right, of the patches that were hidden and, where they count in the loss, of those that were seen:
// to tell the token of a patch that one sees is another thing.
import type { Mask } from "@beitjs/masking";
import type { PretrainRecipe } from "../recipes/recipe.ts";

export type MaskedAccuracy = {
  /** Share of hidden patches; of all where nothing is hidden. */
  readonly accuracy: number;
  /** Share of the others; absent unless the loss is of all and some are hidden. */
  readonly visibleAccuracy?: number;
};

type Batch = {
  readonly masks: readonly Mask[];
  /** Of the patches that count in the loss, example by example. */
  readonly expected: ArrayLike<number>;
  readonly predictions: ArrayLike<number>;
};

/** Whether hidden and visible patches are told apart. */
export function tellsVisible({ loss, mask }: Pick<PretrainRecipe, "loss" | "mask">): boolean {
  return loss === "all" && mask.kind !== "none";
}

export function createMaskedCount(recipe: Pick<PretrainRecipe, "loss" | "mask">) {
  const splits = tellsVisible(recipe);
  const [right, counted] = [
    [0, 0],
    [0, 0],
  ];
  return {
    add({ masks, expected, predictions }: Batch): void {
      const cells = splits ? masks.flatMap((one) => Array.from(one.cells)) : undefined;
      for (let i = 0; i < expected.length; i++) {
        const part = cells?.[i] === 0 ? 1 : 0;
        counted[part]++;
        if (predictions[i] === expected[i]) right[part]++;
      }
    },
    /** Patches of which `accuracy` is. */
    get hidden(): number {
      return counted[0];
    },
    accuracy: (): MaskedAccuracy => ({
      accuracy: right[0] / counted[0],
      ...(splits && { visibleAccuracy: right[1] / counted[1] }),
    }),
  };
}
