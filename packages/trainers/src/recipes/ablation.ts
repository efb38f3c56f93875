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

const rows: readonly (AblationRow & { readonly changes: readonly Change[] })[] = [
  { name: "beit", label: "BEiT", paper: { imageNet: 82.86, ade20k: 44.65 }, changes: [] },
  {
    ...{ name: "uniform", label: "- blockwise masking" },
    ...{ paper: { imageNet: 82.77, ade20k: 42.93 }, changes: [uniform] },
  },
  {
    ...{ name: "pixels", label: "- visual tokens (pixels)" },
    ...{ paper: { imageNet: 81.04, ade20k: 41.38 }, changes: [ofPixels] },
  },
  {
    ...{ name: "pixels-uniform", label: "- visual tokens - blockwise masking" },
    ...{ paper: { imageNet: 80.5, ade20k: 37.09 }, changes: [ofPixels, uniform] },
  },
  {
    ...{ name: "recover-all", label: "+ recover 100 % of visual tokens" },
    ...{ paper: { imageNet: 82.59, ade20k: 40.93 }, changes: [ofAll] },
  },
  {
    ...{ name: "unmasked", label: "- masking + recover 100 % of visual tokens" },
    ...{
      paper: { imageNet: 81.67, ade20k: 36.73 },
      changes: [ofAll, (recipe) => ({ ...recipe, mask: { kind: "none" } })],
    },
  },
];

export const ablationRows: readonly AblationRow[] = rows.map(({ changes: _, ...row }) => row);

/**
 * The recipe of a row.
 *
 * @param recipe of BEiT's own way; what it says of pixels holds for the rows that predict them
 * @throws RecipeError for a recipe that is not the table's first row already
 */
export function ablated(recipe: PretrainRecipe, name: string): PretrainRecipe {
  const row = rows.find((one) => one.name === name);
  if (!row) throw new RangeError(`[ablated] expected ${rows.map((one) => one.name).join(", ")}, got ${name}`);
  const wrong = differences(recipe);
  if (wrong.length > 0) throw new RecipeError("ablated", wrong);
  const { pixels, ...base } = row.changes.reduce((changed, change) => change(changed), recipe);
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
