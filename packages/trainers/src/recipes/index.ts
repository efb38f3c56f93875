// Every recipe by the name the command line knows it by.
import { ablationRecipes } from "./ablation.ts";
import { demoFineTune, demoGaussian, demoPretrain, demoScratch, demoTokenizer } from "./demo.ts";
import { fineTune384 } from "./fine-tune-384.ts";
import { fineTuneBase } from "./fine-tune-base.ts";
import { fineTuneCifar10, fineTuneCifar100 } from "./fine-tune-cifar.ts";
import { fineTuneLarge } from "./fine-tune-large.ts";
import {
  fineTuneAfterIntermediateBase,
  fineTuneAfterIntermediateLarge,
  intermediateBase,
  intermediateLarge,
} from "./intermediate.ts";
import { pretrainBase } from "./pretrain-base.ts";
import { pretrainLarge } from "./pretrain-large.ts";
import { pretrainTiny } from "./pretrain-tiny.ts";
import type { Recipe } from "./recipe.ts";
import { fineTuneSmall, pretrainSmall, pretrainSmallVisible, tokenizerSmall } from "./small.ts";
import { tokenizerDallE } from "./tokenizer-dall-e.ts";

export const recipes: Readonly<Record<string, Recipe>> = {
  "tokenizer-demo": demoTokenizer,
  "pretrain-demo": demoPretrain,
  "fine-tune-demo": demoFineTune,
  "scratch-demo": demoScratch,
  "gaussian-demo": demoGaussian,
  "tokenizer-small": tokenizerSmall,
  "pretrain-small": pretrainSmall,
  "pretrain-small-visible": pretrainSmallVisible,
  "fine-tune-small": fineTuneSmall,
  "tokenizer-dall-e": tokenizerDallE,
  "pretrain-tiny": pretrainTiny,
  "pretrain-base": pretrainBase,
  "pretrain-large": pretrainLarge,
  "fine-tune-base": fineTuneBase,
  "fine-tune-large": fineTuneLarge,
  "fine-tune-384": fineTune384,
  "fine-tune-cifar100": fineTuneCifar100,
  "fine-tune-cifar10": fineTuneCifar10,
  "intermediate-base": intermediateBase,
  "intermediate-large": intermediateLarge,
  "fine-tune-after-intermediate-base": fineTuneAfterIntermediateBase,
  "fine-tune-after-intermediate-large": fineTuneAfterIntermediateLarge,
  ...ablationRecipes,
};

export { demoEvalView, demoFineTune, demoGaussian, demoPretrain, demoScratch, demoTokenizer } from "./demo.ts";
export { recipeFacts, type RecipeFacts } from "./facts.ts";
export { fitAt } from "./eval-fit.ts";
export { fitToModel, fitToTrained, modelSizes } from "./fit-to-model.ts";
export { fitToChannels } from "./fit-to-channels.ts";
export { fitToTokenizer } from "./fit-to-tokenizer.ts";
export { ablated, ablationRecipes, ablationRows, type AblationRow } from "./ablation.ts";
export { fineTune384 } from "./fine-tune-384.ts";
export { fineTuneBase } from "./fine-tune-base.ts";
export { fineTuneCifar10, fineTuneCifar100 } from "./fine-tune-cifar.ts";
export { fineTuneLarge } from "./fine-tune-large.ts";
export {
  fineTuneAfterIntermediateBase,
  fineTuneAfterIntermediateLarge,
  intermediateBase,
  intermediateLarge,
} from "./intermediate.ts";
export { pretrainBase } from "./pretrain-base.ts";
export { pretrainLarge } from "./pretrain-large.ts";
export { pretrainTiny } from "./pretrain-tiny.ts";
export { fineTuneSmall, pretrainSmall, pretrainSmallVisible, tokenizerSmall } from "./small.ts";
export { tokenizerDallE } from "./tokenizer-dall-e.ts";
export { checkRecipe } from "./check-recipe.ts";
export { pretrainingConfig } from "./pretraining-config.ts";
export { mergeRecipe } from "./merge.ts";
export { setInRecipe, type RecipeWithValue } from "./set-value.ts";
export { upgradeFields, upgradeRecipe } from "./upgrade.ts";
export { inSteps, runLength, stepsIn, tooLong, type RunLength } from "./lengths.ts";
export { formatRecipeValue, RecipeError, type RecipeIssue } from "./recipe-error.ts";
export type {
  AdamWOptions,
  AnnealingRecipe,
  EmaOptions,
  FineTuneRecipe,
  GaussianRecipe,
  LearningRateRecipe,
  Length,
  MaskRecipe,
  PretrainRecipe,
  Recipe,
  RecipeOf,
  StageName,
  TokenizerRecipe,
} from "./recipe.ts";
