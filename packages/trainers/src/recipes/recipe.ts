// A run as data: complete, readonly, plain JSON. A checkpoint carries its recipe, and the recipe its seed.
import type { BeitConfig } from "@beitjs/beit-encoder";
import type { DvaeConfig, GaussianVaeConfig } from "@beitjs/dvae-tokenizer";
import type { BlockwiseOptions, UniformOptions } from "@beitjs/masking";
import type { EvalViewOptions, TrainViewOptions, TwoViewOptions } from "../data/index.ts";
import type { AdamWOptions } from "../optimizer/adamw.ts";
import type { Annealing, WarmupCosine } from "../optimizer/schedule.ts";

type CommonRecipe = {
  readonly seed: number;
  /** Passes over the data. */
  readonly epochs: number;
  /** Images per optimizer step. */
  readonly batchSize: number;
  /** Pieces a batch is computed in; their gradients add up to the whole batch's. */
  readonly microBatches: number;
  readonly learningRate: WarmupCosine;
  readonly adamW: AdamWOptions;
};

/** Training of the tokenizer, a discrete VAE. */
export type TokenizerRecipe = CommonRecipe & {
  readonly stage: "tokenizer";
  readonly model: DvaeConfig;
  /** Token views (the encoder's view is not used). */
  readonly views: TwoViewOptions;
  readonly temperature: Annealing;
  /**
   * Weight of each position's KL to the uniform distribution. Below 0 it rewards tokens that are sure of themselves: with
   * `balanceWeight`, which keeps the mean uniform, that maximizes what a token tells of its patch (mutual information).
   */
  readonly klWeight: Annealing;
  /** Weight of the term that keeps all codebook entries in use; 0 turns it off. */
  readonly balanceWeight: number;
  /** Straight-through samples instead of soft ones. */
  readonly hard: boolean;
};

/** Training of the Gaussian VAE that the discrete one is compared with. */
export type GaussianRecipe = CommonRecipe & {
  readonly stage: "gaussian";
  readonly model: GaussianVaeConfig;
  readonly views: TwoViewOptions;
  readonly klWeight: Annealing;
};

export type MaskRecipe =
  ({ readonly kind: "blockwise" } & BlockwiseOptions) | ({ readonly kind: "uniform" } & UniformOptions);

/** Masked image modeling with a frozen tokenizer. */
export type PretrainRecipe = CommonRecipe & {
  readonly stage: "pretrain";
  readonly model: BeitConfig;
  /** Standard deviation of fresh matrices (0.02 in the paper, more for widths below 192), cut at one deviation. */
  readonly initStd: number;
  readonly views: TwoViewOptions;
  readonly mask: MaskRecipe;
};

/** Supervised training of a classifier, from a pre-trained encoder or from scratch. */
export type FineTuneRecipe = CommonRecipe & {
  readonly stage: "fine-tune";
  /** Encoder to start from scratch with; with a pre-trained one its own config counts, but for drop path and pooling. */
  readonly model: BeitConfig;
  /** Standard deviation of fresh matrices when training from scratch (not cut). */
  readonly initStd: number;
  readonly view: TrainViewOptions;
  readonly evalView: EvalViewOptions;
  readonly labelSmoothing: number;
  /** Factor on the learning rate per block from the head down; 1 turns it off. (0.65 for base) */
  readonly layerDecay: number;
};

export type Recipe = TokenizerRecipe | GaussianRecipe | PretrainRecipe | FineTuneRecipe;
export type StageName = Recipe["stage"];
export type RecipeOf<Stage extends StageName> = Extract<Recipe, { readonly stage: Stage }>;
