// The types of recipes and of their parts, inferred from the schemas.
import type { Inferred } from "./schema/inferred.ts";
import type { mask } from "./schema/masks.ts";
import type { adamW, ema, warmupCosine } from "./schema/optimization.ts";
import type { signedAnnealing } from "./schema/values.ts";
import type { evalView, trainView, twoViews } from "./schema/views.ts";
import type { fineTune, gaussian, pretrain, tokenizer } from "./schema.ts";

/** Training of the tokenizer, a discrete VAE. */
export type TokenizerRecipe = Inferred<typeof tokenizer>;
/** Training of the Gaussian VAE that the discrete one is compared with. */
export type GaussianRecipe = Inferred<typeof gaussian>;
/** Masked image modeling with a frozen tokenizer. */
export type PretrainRecipe = Inferred<typeof pretrain>;
/** Supervised training of a classifier, from a pre-trained encoder or from scratch. */
export type FineTuneRecipe = Inferred<typeof fineTune>;

export type Recipe = TokenizerRecipe | GaussianRecipe | PretrainRecipe | FineTuneRecipe;
export type StageName = Recipe["stage"];
export type RecipeOf<Stage extends StageName> = Extract<Recipe, { readonly stage: Stage }>;

export type MaskRecipe = Inferred<typeof mask>;
export type TwoViewOptions = Inferred<typeof twoViews>;
export type TrainViewOptions = Inferred<typeof trainView>;
export type EvalViewOptions = Inferred<typeof evalView>;
export type AdamWOptions = Inferred<typeof adamW>;
/** Exponential moving average of the weights. */
export type EmaOptions = Inferred<typeof ema>;
export type WarmupCosine = Inferred<typeof warmupCosine>;
/** Half a cosine from `start` to `end` over `steps`, then held. */
export type Annealing = Inferred<typeof signedAnnealing>;
