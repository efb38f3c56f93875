// A recipe of fine-tuning for the model that it starts from.
import type { OpenedBeit } from "@beitjs/beit-encoder";
import type { FineTuneRecipe } from "./recipe.ts";

/**
 * The recipe with what follows from the model: its images keep the mean and std that the model was trained with. A model of
 * other channels than the views' changes nothing; `fineTune` refuses it.
 *
 * @example fineTune({ recipe: fitToModel(fineTuneBase, opened), from: opened.beit, images, backend })
 */
export function fitToModel(
  recipe: FineTuneRecipe,
  { preprocessing }: Pick<OpenedBeit, "preprocessing">,
): FineTuneRecipe {
  const { mean, std } = preprocessing;
  const fitted = <View extends FineTuneRecipe["view"] | FineTuneRecipe["evalView"]>(view: View): View =>
    view.channels === mean.length ? { ...view, normalization: { mean, std } } : view;
  return { ...recipe, view: fitted(recipe.view), evalView: fitted(recipe.evalView) };
}
