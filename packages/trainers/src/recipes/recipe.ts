// The types of recipes and of their parts, inferred from the schemas.
import type { Inferred } from "./schema/inferred.ts";
import type { mask } from "./schema/masks.ts";
import type { adamW, ema, learningRate } from "./schema/optimization.ts";
import type { length, signedAnnealing } from "./schema/values.ts";
import type { erase, evalView, randAugment, trainView, twoViews } from "./schema/views.ts";
import type { fineTune, gaussian, mix, pretrain, tokenizer } from "./schema.ts";

/** Training of the tokenizer, a discrete VAE. */
export type TokenizerRecipe = Inferred<typeof tokenizer>;
/** Training of the Gaussian VAE that the discrete one is compared with. */
export type GaussianRecipe = Inferred<typeof gaussian>;
/** Masked image modeling, with the tokens of a frozen tokenizer or with pixels. */
export type PretrainRecipe = Inferred<typeof pretrain>;
/** Supervised training of a classifier, from a pre-trained encoder or from scratch. */
export type FineTuneRecipe = Inferred<typeof fineTune>;

export type Recipe = TokenizerRecipe | GaussianRecipe | PretrainRecipe | FineTuneRecipe;
export type StageName = Recipe["stage"];
export type RecipeOf<Stage extends StageName> = Extract<Recipe, { readonly stage: Stage }>;

export type MaskRecipe = Inferred<typeof mask>;
export type TwoViewOptions = Inferred<typeof twoViews>;
export type TrainViewOptions = Inferred<typeof trainView>;
export type RandAugmentOptions = Inferred<typeof randAugment>;
export type EraseOptions = Inferred<typeof erase>;
export type MixRecipe = Inferred<typeof mix>;
export type EvalViewOptions = Inferred<typeof evalView>;
/** Of one update: what a schedule makes of the weight decay is the loop's matter. */
export type AdamWOptions = Omit<Inferred<typeof adamW>, "weightDecayEnd">;
/** Exponential moving average of the weights. */
export type EmaOptions = Inferred<typeof ema>;
export type LearningRateRecipe = Inferred<typeof learningRate>;
/** How long something takes: `{ epochs: 20 }`, `{ share: 0.1 }` of the run or `{ steps: 500 }`. */
export type Length = Inferred<typeof length>;
/** Half a cosine from `start` to `end` over a length, then held. */
export type AnnealingRecipe = Inferred<typeof signedAnnealing>;
