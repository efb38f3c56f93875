// What the page trains: a tiny BEiT on the small tokenizer's tokens.
import type { DvaeConfig } from "@beitjs/dvae-tokenizer";
import { fitToTokenizer, pretrainSmall, stepsPerEpoch, type PretrainRecipe, type Recipe } from "@beitjs/trainers";
import type { TrainSettings } from "../messages.ts";

const BATCH = 8;
/** Widths that the page offers are multiples of it. */
const HEAD_WIDTH = 32;

/** Side that images are kept at: a little more than what the models see, for the random crops. */
export const KEPT_SIDE = 160;

/** Looks at held-out images in a run: enough for a curve, few enough that a short epoch is not all looking. */
const MOST_EVALUATIONS = 40;

/** As many copies of few images as fill a batch, since a batch holds an image once. */
export function copies(images: number): number {
  return Math.ceil(BATCH / images);
}

export function pageRecipe(
  images: number,
  tokenizer: DvaeConfig,
  { steps, width, depth }: TrainSettings,
): PretrainRecipe {
  const perEpoch = stepsPerEpoch({ length: images * copies(images) }, { batchSize: BATCH });
  const recipe = fitToTokenizer(pretrainSmall, { config: tokenizer });
  const { views, model } = recipe;
  return {
    ...recipe,
    // Few images are learned by heart, which takes knowing where a patch is: with relative positions alone the loss stays at 4.6
    // where it falls below 1 with absolute ones.
    model: {
      ...model,
      absolutePositions: true,
      width,
      depth,
      heads: width / HEAD_WIDTH,
    },
    initStd: 0.08,
    views: {
      ...views,
      colorJitter: { brightness: 0, contrast: 0, saturation: 0 },
      scale: [1, 1],
      ratio: [1, 1],
    },
    epochs: Math.max(1, Math.round(steps / perEpoch)),
    batchSize: BATCH,
    microBatches: 1,
    learningRate: { peak: 4e-3, minimum: 1e-5, warmup: { steps: 20 } },
    adamW: { ...pretrainSmall.adamW, clipNorm: 1 },
  };
}

/** Epochs after which held-out images are looked at: one, or more where a run has many. */
export function evaluateEvery({ epochs }: Pick<PretrainRecipe, "epochs">): number {
  return Math.ceil(epochs / MOST_EVALUATIONS);
}

/** @throws for a recipe that is not of the stage that the page trains */
export function pageStage(recipe: Recipe): PretrainRecipe {
  if (recipe.stage === "pretrain") return recipe;
  const several = recipe.stage === "fine-tune" && recipe.labels === "multi";
  const got = `${recipe.stage}${several ? " with several labels an image (labels: multi)" : ""}`;
  throw new Error(
    `[train] expected a recipe of stage pretrain, the one that the page trains, got ${got}; train it in Node`,
  );
}
