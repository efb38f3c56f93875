// What a demo found, as summary.json holds it: every figure of the report, and what is needed to get it again.
import type { BackendFacts } from "../backends/open.ts";
import type { Environment } from "../program/environment.ts";
import type { ShippedSet } from "./data.ts";
import type { DemoRecipes } from "./settings.ts";

/** Accuracies are shares in [0, 1]. */
export type SeedScores = {
  readonly seed: number;
  readonly accuracy: number;
  readonly top5: number;
  /** Mean loss and accuracy of the last epoch in training, with augmentation. */
  readonly trainLoss: number;
  readonly trainAccuracy: number;
};

export type ClassifierSummary = {
  /** Mean over the seeds. */
  readonly accuracy: number;
  /** Sample standard deviation over the seeds; 0 for one seed. */
  readonly standardDeviation: number;
  readonly top5: number;
  /** Updates of one fine-tuning. */
  readonly steps: number;
  readonly seeds: readonly SeedScores[];
};

/** A simpler classifier of the same labels. */
export type Yardstick = {
  readonly name:
    | "linear probe of the pre-trained"
    | "nearest neighbors of the pre-trained"
    | "linear probe of a random network"
    | "ridge regression on the pixels";
  /** Mean over the seeds. */
  readonly accuracy: number;
  /** Sample standard deviation over the seeds; 0 for one seed. */
  readonly standardDeviation: number;
  /** Accuracy for the labels of each seed. */
  readonly seeds: readonly number[];
};

export type DemoSummary = {
  readonly format: "beitjs-demo";
  readonly version: 1;
  readonly finished: string;
  /** A short run only shows that everything works: its figures mean nothing. */
  readonly short: boolean;
  readonly meaningful: boolean;
  readonly data: {
    readonly path: string;
    readonly kind: string;
    /** Which of the sets that come along. */
    readonly shipped?: ShippedSet;
    readonly channels: number;
    readonly classes: readonly string[];
    readonly train: { readonly images: number; readonly sha256: string };
    readonly test: {
      readonly images: number;
      readonly sha256: string;
      /** Set aside from the training images, for want of a test split. */
      readonly heldOut: boolean;
      /** The recipes were chosen by their accuracy on these very images (the data shipped). */
      readonly usedForTuning: boolean;
    };
    readonly skipped: number;
  };
  readonly backend: BackendFacts;
  readonly environment: Environment;
  readonly seeds: { readonly tokenizer: number; readonly pretrain: number; readonly fineTune: readonly number[] };
  readonly recipes: DemoRecipes;
  readonly tokenizer: {
    readonly parameters: number;
    readonly steps: number;
    readonly loss: number;
    /** On the test images, pixels in [-1, 1]. */
    readonly meanAbsoluteError: number;
    readonly perplexity: number;
    readonly used: number;
    readonly vocabSize: number;
    readonly warning?: string;
  };
  readonly pretrain: {
    readonly parameters: number;
    readonly steps: number;
    /** ln of the codebook size: the loss of guessing. */
    readonly expectedStartLoss: number;
    readonly startLoss: number;
    /** Means over the last epoch, on training images. */
    readonly trainLoss: number;
    readonly trainAccuracy: number;
    /** On the test images. */
    readonly loss: number;
    readonly accuracy: number;
    readonly masks: {
      readonly meanCount: number;
      readonly standardDeviation: number;
      readonly smallestCount: number;
      readonly largestCount: number;
      readonly meanRatio: number;
      readonly adjacentShare: number;
    };
  };
  readonly fineTune: {
    readonly labelsPerClass: number;
    readonly labels: number;
    readonly testImages: number;
    readonly pretrained: ClassifierSummary;
    readonly scratch: ClassifierSummary;
    /** Pre-trained minus scratch, of the mean and for every seed. */
    readonly difference: { readonly accuracy: number; readonly seeds: readonly number[] };
  };
  /** What fine-tuning is to be read beside, on the same labels and test images. */
  readonly yardsticks: readonly Yardstick[];
  /** Time at work, in seconds; parts of a run that was stopped and went on are added up. */
  readonly seconds: Readonly<Record<"data" | "tokenizer" | "pretrain" | "fineTune" | "report" | "total", number>>;
};
