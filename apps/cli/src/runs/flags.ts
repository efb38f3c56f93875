// The flags of runs: which recipe, and where it is kept.
import { defaulted, integer, list, optional, positive, toggle } from "../program/command.ts";

/** Names of the recipes of `@beitjs/trainers`, said once more: help would load it to read them there. */
export const recipeNames: readonly string[] = [
  ...["tokenizer-demo", "pretrain-demo", "fine-tune-demo", "scratch-demo", "gaussian-demo"],
  ...["tokenizer-small", "pretrain-small", "pretrain-small-visible", "fine-tune-small"],
  ...["tokenizer-dall-e", "pretrain-tiny", "pretrain-base", "pretrain-large", "fine-tune-base", "fine-tune-large"],
  ...["fine-tune-384", "fine-tune-cifar100", "fine-tune-cifar10", "intermediate-base", "intermediate-large"],
  ...["fine-tune-after-intermediate-base", "fine-tune-after-intermediate-large"],
  ...["ablation-beit", "ablation-uniform", "ablation-pixels", "ablation-pixels-uniform"],
  ...["ablation-recover-all", "ablation-unmasked"],
];

/** What changes a recipe. */
export const changeFlags = {
  set: list("path=value", "replace a value of the recipe: --set epochs=3 model.heads=4"),
  lr: positive("rate", "peak of the learning rate: short for --set learningRate.peak"),
  epochs: integer("count", "passes over the images: short for --set epochs", 1),
  batchSize: integer("images", "images an update: short for --set batchSize", 1),
  microBatches: integer("count", "pieces a batch is computed in, for less memory: short for --set microBatches", 1),
  seed: integer("number", "start of everything random: short for --set seed", 0),
};

/** @param by what the recipe follows where none is named */
export const recipeFlags = (by: string) => ({
  recipe: optional(
    "name|file",
    `recipe: a name (${recipeNames.join(", ")}), or a YAML or JSON file (default: by ${by})`,
  ),
  ...changeFlags,
});

export const takeOverFlags = {
  takeOver: toggle("take --out from a run on another machine that is gone: nothing may be heard of it for ten seconds"),
};

export const runFlags = (folder: string) => ({
  out: defaulted("dir", "run folder: checkpoints, metrics.jsonl, summary.json", folder),
  resume: defaulted(
    "auto|never|checkpoint",
    "auto: go on where the run in --out stopped; or the checkpoint to go on from",
    "auto",
  ),
  fork: optional(
    "run|checkpoint",
    "begin with the state of another run's newest checkpoint, moments and all, by its recipe as --set and others change it",
  ),
  ...takeOverFlags,
  acceptChangedData: toggle("go on although images are others than those the run was trained on"),
});

export const trainingFlags = {
  saveEvery: integer("steps", "steps between checkpoints", 1, 500),
  dryRun: toggle("tell what the run will be and take, time a few steps of it, and write no run"),
};

/** For training of an encoder. */
export const blockFlags = {
  recompute: toggle("keep one block's memory instead of all blocks', for a third more time and the same results"),
};
