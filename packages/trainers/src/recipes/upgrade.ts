// Recipes that were stored before a field changed. What a newer required field meant before there was one is said here, too: a run
// that was begun then goes on. `views.tokenRange` decided nothing: tokenizers map pixels by themselves.

/** A whole recipe, as it was stored, as it would be stored today; it trains the same bits. */
export function upgradeRecipe<Recipe extends object>(recipe: Recipe): Recipe {
  const { views } = recipe as { readonly views?: unknown };
  if (typeof views !== "object" || views === null || !Object.hasOwn(views, "tokenRange")) return recipe;
  const { tokenRange: _, ...kept } = views as { readonly tokenRange?: unknown };
  return { ...recipe, views: kept };
}
