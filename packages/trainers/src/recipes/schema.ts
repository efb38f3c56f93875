// A run as data: complete, readonly, plain JSON. A checkpoint carries its recipe, and the recipe its seed. Here is every
// field of every stage once; recipe.ts has their types, checks.ts what fields must agree on.
import * as v from "valibot";
import { fields, oneOf, variant } from "./schema/fields.ts";
import { mask } from "./schema/masks.ts";
import { beitConfig, dvaeConfig, gaussianVaeConfig } from "./schema/models.ts";
import { common } from "./schema/optimization.ts";
import {
  alpha,
  amount,
  annealing,
  classWeights,
  count,
  positive,
  positiveAnnealing,
  share,
  shareAboveZero,
  shareBelowOne,
  signedAnnealing,
  truth,
} from "./schema/values.ts";
import { evalView, trainView, twoViews } from "./schema/views.ts";

/** Training of the tokenizer, a discrete VAE. */
export const tokenizer = fields({
  ...common,
  stage: v.literal("tokenizer"),
  model: dvaeConfig,
  /** Token views (the encoder's view is not used). */
  views: twoViews,
  temperature: positiveAnnealing,
  /**
   * Weight of each position's KL to the uniform distribution. Below 0 it rewards tokens that are sure of themselves: with
   * `balanceWeight`, which keeps the mean uniform, that maximizes what a token tells of its patch (mutual information).
   */
  klWeight: signedAnnealing,
  /** Weight of the term that keeps all codebook entries in use; 0 turns it off. */
  balanceWeight: amount,
  /** Straight-through samples instead of soft ones. */
  hard: truth,
});

/** Training of the Gaussian VAE that the discrete one is compared with. */
export const gaussian = fields({
  ...common,
  stage: v.literal("gaussian"),
  model: gaussianVaeConfig,
  views: twoViews,
  klWeight: annealing,
});

/** Masked image modeling, with the tokens of a frozen tokenizer or with pixels. */
export const pretrain = fields({
  ...common,
  stage: v.literal("pretrain"),
  model: beitConfig,
  /** Standard deviation of fresh matrices (0.02 in the paper, more for widths below 192), cut at one deviation. */
  initStd: positive,
  /** The tokenizer's view is not used where pixels are the target. */
  views: twoViews,
  mask,
  /**
   * What the encoder sees of an image: all patches, a mask token in the places of hidden ones (BEiT), or the visible patches alone, and
   * a decoder behind it predicts the others (masked autoencoder). Every mask hides as many patches then.
   */
  encoder: oneOf("all", "visible"),
  /** What predicts hidden patches where the encoder sees none of them; thrown away afterwards. */
  decoder: v.exactOptional(fields({ width: count, depth: count, heads: count })),
  /** What is predicted: visual tokens, by their cross-entropy, or pixels. */
  target: oneOf("tokens", "pixels"),
  /** How pixels are compared; without it squared errors, of patches that are normalized. */
  pixels: v.exactOptional(
    fields({
      /** Each patch without its mean and in units of its standard deviation (He et al. 2021), or as the view has it. */
      normalized: truth,
      /** The mean of which errors is the loss. */
      error: oneOf("squared", "absolute"),
    }),
  ),
  /** Of which patches the loss is the mean. */
  loss: oneOf("masked", "all"),
});

/** Every image of a batch with the one opposite to it, all in one way a step. (timm's Mixup, mode batch) */
export const mix = fields({
  /** The share that an image keeps is of Beta(alpha, alpha); an alpha of 0 turns that kind off. */
  mixupAlpha: alpha,
  cutmixAlpha: alpha,
  /** Of mixing a batch at all, and of CutMix rather than mixup where there are both. */
  probability: share,
  switchProbability: share,
});

/** Supervised training of a classifier, from a pre-trained encoder or from scratch. */
export const fineTune = fields({
  ...common,
  stage: v.literal("fine-tune"),
  /** Encoder to start from scratch with; with a pre-trained one its own config counts, but for drop path and pooling. */
  model: beitConfig,
  /** Standard deviation of fresh matrices when training from scratch (not cut). */
  initStd: positive,
  view: trainView,
  evalView,
  labelSmoothing: shareBelowOne,
  /** Mixup and CutMix, with labels in the shares of the images. */
  mix: v.exactOptional(mix),
  /** One label an image; or any number (`multi`): every class is then a yes or no of its own. */
  labels: oneOf("single", "multi"),
  /** What classes count in the loss: the same, the more the rarer they are, or as a list says, one number a class. */
  classWeights,
  /** Every image once an epoch, or every class equally often. */
  sampling: oneOf("uniform", "balanced"),
  /** How often in a row an image comes in an epoch, which keeps its length: of so many images one is seen. 1 by default. */
  repeatedAugmentation: v.exactOptional(count),
  /** Factor on the learning rate per block from the head down; 1 turns it off. (0.65 for base) */
  layerDecay: shareAboveZero,
});

export const recipe = variant("stage", [tokenizer, gaussian, pretrain, fineTune]);
