// The six rows of the paper's ablation, each BEiT but for one thing or two: as recipes of ImageNet-1K, and as changes of any recipe that
// pre-trains as BEiT does. (BEiT, Table 4)
import { gridOf, plainTransformer } from "@beitjs/beit-encoder";
import { cellCount } from "@beitjs/tensor-core/grid";
import { pretrainBase } from "./pretrain-base.ts";
import type { MaskRecipe, PretrainRecipe } from "./recipe.ts";
import { RecipeError, type RecipeIssue } from "./recipe-error.ts";

export type AblationRow = {
  readonly name: string;
  /** What the paper calls it. */
  readonly label: string;
  /** Accuracy of ImageNet and mIoU of ADE20K in the paper, in percent, after 300 epochs. */
  readonly paper: { readonly imageNet: number; readonly ade20k: number };
};

type Change = (recipe: PretrainRecipe) => PretrainRecipe;

// How pixels are compared the paper does not say. Here as they are, as regression has it; MAE's normalized patches do better.
const ofPixels: Change = (recipe) => ({
  ...recipe,
  target: "pixels",
  pixels: recipe.pixels ?? { normalized: false, error: "squared" },
});
const uniform: Change = (recipe) => ({ ...recipe, mask: uniformlyAsMany(recipe) });
const ofAll: Change = (recipe) => ({ ...recipe, loss: "all" });

const unmasked: Change = (recipe) => ({ ...recipe, mask: { kind: "none" } });

type ChangedRow = AblationRow & { readonly changes: readonly Change[] };

const row = (
  name: string,
  label: string,
  [imageNet, ade20k]: readonly [number, number],
  ...changes: Change[]
): ChangedRow => ({ name, label, paper: { imageNet, ade20k }, changes });

const rows: readonly ChangedRow[] = [
  row("beit", "BEiT", [82.86, 44.65]),
  row("uniform", "- blockwise masking", [82.77, 42.93], uniform),
  row("pixels", "- visual tokens (pixels)", [81.04, 41.38], ofPixels),
  row("pixels-uniform", "- visual tokens - blockwise masking", [80.5, 37.09], ofPixels, uniform),
  row("recover-all", "+ recover 100 % of visual tokens", [82.59, 40.93], ofAll),
  row("unmasked", "- masking + recover 100 % of visual tokens", [81.67, 36.73], ofAll, unmasked),
];

export const ablationRows: readonly AblationRow[] = rows.map(({ changes: _, ...facts }) => facts);

/**
 * The recipe of a row.
 *
 * @param recipe of BEiT's own way; what it says of pixels holds for the rows that predict them
 * @throws RecipeError for a recipe that is not the table's first row already
 */
export function ablated(recipe: PretrainRecipe, name: string): PretrainRecipe {
  const found = rows.find((one) => one.name === name);
  if (!found) throw new RangeError(`[ablated] expected ${rows.map((one) => one.name).join(", ")}, got ${name}`);
  const wrong = differences(recipe);
  if (wrong.length > 0) throw new RecipeError("ablated", wrong);
  const { pixels, ...base } = found.changes.reduce((changed, change) => change(changed), recipe);
  return base.target === "pixels" && pixels ? { ...base, pixels } : base;
}

function differences({ encoder, target, loss, mask }: PretrainRecipe): readonly RecipeIssue[] {
  const why = "as BEiT has it and the rows of the ablation change it";
  const issue = (path: readonly string[], expected: string, got: unknown): readonly RecipeIssue[] =>
    got === expected ? [] : [{ path, expected: `${expected}, ${why}`, got }];
  return [
    ...issue(["encoder"], "all", encoder),
    ...issue(["target"], "tokens", target),
    ...issue(["loss"], "masked", loss),
    ...issue(["mask", "kind"], "blockwise", mask.kind),
  ];
}

// Of as many patches as blocks hide at most.
function uniformlyAsMany({ model, mask }: PretrainRecipe): MaskRecipe {
  if (mask.kind !== "blockwise") return mask;
  if (mask.variant !== "paper") return { kind: "uniform", count: mask.count };
  return { kind: "uniform", count: Math.round((mask.ratio ?? 0.4) * cellCount(gridOf(model))) };
}

const plainBase: PretrainRecipe = {
  ...pretrainBase,
  model: { ...pretrainBase.model, ...plainTransformer },
  epochs: 300,
};

/** By their names on the command line. */
export const ablationRecipes: Readonly<Record<string, PretrainRecipe>> = Object.fromEntries(
  rows.map(({ name }) => [`ablation-${name}`, ablated(plainBase, name)]),
);
