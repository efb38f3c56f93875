// Recipes that were stored before a field changed. What a newer required field meant before there was one is said here, too: a run
// that was begun then goes on. `views.tokenRange` decided nothing: tokenizers map pixels by themselves. Lengths were steps.
// Fine-tuning knew one label an image, classes of equal weight and every image once an epoch, pre-training BEiT's own way.
import { lengthPlaces } from "./lengths.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What stages had before it could be said. */
const newer: Readonly<Record<string, Fields>> = {
  "fine-tune": { labels: "single", classWeights: "equal", sampling: "uniform" },
  pretrain: { encoder: "all", target: "tokens", loss: "masked" },
};

/** A whole recipe, as it was stored, as it would be stored today; it trains the same bits. */
export function upgradeRecipe<Recipe extends object>(recipe: Recipe): Recipe {
  const upgraded = upgradeFields(recipe);
  const stage = String((recipe as Fields)["stage"]);
  return Object.hasOwn(newer, stage) ? { ...newer[stage], ...upgraded } : upgraded;
}

/** A recipe or a part of one with its fields as they are called today; a length that is a bare number is one in steps. */
export function upgradeFields<Part extends object>(part: Part): Part {
  return lengthPlaces.reduce(withLength, withoutTokenRange(part));
}

function withLength<Part extends object>(part: Part, { of, key, before }: (typeof lengthPlaces)[number]): Part {
  const parent = (part as Fields)[of];
  if (!isFields(parent)) return part;
  const { [before]: old, ...kept } = parent;
  const steps = Object.hasOwn(parent, before) ? old : parent[key];
  return typeof steps === "number" ? { ...part, [of]: { ...kept, [key]: { steps } } } : part;
}

function withoutTokenRange<Part extends object>(part: Part): Part {
  const { views } = part as Fields;
  if (!isFields(views) || !Object.hasOwn(views, "tokenRange")) return part;
  const { tokenRange: _, ...kept } = views;
  return { ...part, views: kept };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
