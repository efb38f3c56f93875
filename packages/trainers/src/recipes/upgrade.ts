// Recipes that were stored before a field changed. `views.tokenRange` decided nothing: tokenizers map pixels by themselves.

/** A stored recipe as it would be stored today; it trains the same bits. */
export function upgradeRecipe<Recipe extends object>(recipe: Recipe): Recipe {
  const { views } = recipe as { readonly views?: unknown };
  if (typeof views !== "object" || views === null || !Object.hasOwn(views, "tokenRange")) return recipe;
  const { tokenRange: _, ...kept } = views as { readonly tokenRange?: unknown };
  return { ...recipe, views: kept };
}
