// What crosses between the page and its workers: pictures, numbers and facts, never a tensor.

import type { Grid, ImageSize } from "@beitjs/tensor-core/grid";

/** Pixels as a canvas takes them: rows from the top, four bytes each. */
export type Picture = {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
};

/** Where a worker computes, and why there. */
export type Machine = {
  /** `simd`, or `webgpu` with the adapter's name. */
  readonly backend: string;
  readonly threads: number;
  /** Why this build and this number of threads, or why no GPU. */
  readonly reasons: readonly string[];
};

export type ModelFacts = {
  /** What it is and where it came from, in a few words. */
  readonly name: string;
  readonly parameters: number;
  readonly imageSize: ImageSize;
  /** Of patches, or visual tokens. */
  readonly grid: Grid;
  readonly vocabSize: number;
};

export type EncoderFacts = ModelFacts & {
  readonly depth: number;
  readonly heads: number;
  /** The mean and std that its images are scaled by, and why, in a few words. */
  readonly normalization: string;
  /** Whether the visitor chose them; undefined where the files say them, and nothing is left to choose. */
  readonly chosen: NormalizationChoice | undefined;
};

/** `auto`: what the model is recognized by, or a guess. */
export type NormalizationChoice = "auto" | "imagenet" | "half";

/** What is in use after models were exchanged: them, and the image through the tokenizer, where there is an image. */
export type InUse = { readonly models: Models; readonly tokens: Tokens | undefined };

export type Models = {
  readonly tokenizer: ModelFacts;
  readonly encoder: EncoderFacts;
  /** Why the encoder cannot fill masks with this tokenizer's tokens; undefined where it can. */
  readonly mismatch: string | undefined;
};

/** An image through the tokenizer and back. */
export type Tokens = {
  /** The middle of the image in the proportions that the tokenizer sees, sharper than any model sees it. */
  readonly picture: Picture;
  /** What the tokenizer saw of it, in pixels. */
  readonly seen: ImageSize;
  /** Row by row. */
  readonly ids: Int32Array<ArrayBuffer>;
  readonly grid: Grid;
  readonly reconstruction: Picture;
  /** Where picture and reconstruction differ, brighter for more. */
  readonly difference: Picture;
  /** Mean absolute difference of a channel, in steps of 255. */
  readonly error: number;
  /** Peak signal-to-noise ratio in dB. */
  readonly psnr: number;
  readonly milliseconds: { readonly tokenize: number; readonly detokenize: number };
};

export type Guess = { readonly id: number; readonly probability: number };

/** Hidden patches, filled by the encoder. */
export type Imagined = {
  /** Tokens of the image, those of hidden patches as predicted. */
  readonly ids: Int32Array<ArrayBuffer>;
  readonly picture: Picture;
  /** The most likely tokens of every hidden patch, by its number. */
  readonly guesses: ReadonlyMap<number, readonly Guess[]>;
  /** -ln p(true token) of every patch; NaN where it was not hidden. */
  readonly losses: Float32Array<ArrayBuffer>;
  readonly loss: number;
  /** Share of hidden patches whose first guess is the tokenizer's own token. */
  readonly accuracy: number;
  readonly milliseconds: number;
};

/** Attention of all patches to all, of every block and head: [depth, heads, N, N + 1], column 0 the class token. */
export type Attention = {
  readonly depth: number;
  readonly heads: number;
  readonly grid: Grid;
  readonly values: Float32Array<ArrayBuffer>;
  readonly picture: Picture;
  readonly milliseconds: number;
};

export type Progress = { readonly what: string; readonly loaded: number; readonly total: number | undefined };
export type OnProgress = (progress: Progress) => void;

/** A file and where it lies in what was dropped: its name, behind those of the folders it is in. */
export type PlacedFile = { readonly path: string; readonly file: File };

/** A model: files or folders that the visitor chose, or the address of a file or of a folder. */
export type WeightsSource =
  | { readonly kind: "files"; readonly files: readonly PlacedFile[] }
  | { readonly kind: "url"; readonly url: string; readonly sha256: string };

export type ImagineOptions = {
  /** How many of the most likely tokens of a patch are told. */
  readonly guesses: number;
  readonly rounds: number;
  /**
   * What hidden patches are painted with: all entries of the codebook, mixed by their probabilities, or the likeliest one. Where
   * many tokens are as likely, the likeliest is often the one of a plain black or white, which says little.
   */
  readonly paint: "mixture" | "likeliest";
};

/** What becomes of a file's color profile: `ignore` gives the numbers as stored, which the originals' pipelines take. */
export type ColorProfile = "ignore" | "apply";

/** All inference, in a worker of its own. */
export interface Engine {
  start(): Promise<{ readonly machine: Machine; readonly models: Models }>;
  openImage(image: Blob, colorProfile: ColorProfile): Promise<Tokens>;
  /** One entry of the codebook decoded alone: the middle of a grid of nothing else. */
  codebookEntry(id: number): Promise<Picture>;
  /** Fills the patches whose cell is 1; in several rounds, the surest first, each seeing what those before have filled. */
  imagine(cells: Uint8Array, options: ImagineOptions): Promise<Imagined>;
  attention(): Promise<Attention>;
  /** Takes a tokenizer or an encoder in place of the one in use; gives what it is and its SHA-256. */
  useWeights(
    source: WeightsSource,
    onProgress: OnProgress,
  ): Promise<InUse & { readonly kind: "tokenizer" | "encoder"; readonly notes: readonly string[] }>;
  /** Scales images by another mean and std than the encoder in use was taken to have, where its files do not say them. */
  useNormalization(choice: NormalizationChoice): Promise<InUse>;
  /** Back to the models that came with the page. */
  useShipped(): Promise<InUse>;
  /** Files kept from addresses. */
  kept(): Promise<ReadonlyArray<{ readonly url: string; readonly size: number; readonly sha256: string }>>;
  forget(url: string): Promise<void>;
}

export type TrainStep = {
  readonly step: number;
  readonly totalSteps: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly imagesPerSecond: number;
};

/** What the model scores on held-out images after a step. */
export type TrainEvaluation = {
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Of a lower loss than all before. */
  readonly best: boolean;
};

/** What the model makes of a masked picture after a number of steps. */
export type Snapshot = { readonly step: number; readonly picture: Picture };

export type TrainReport =
  | { readonly kind: "machine"; readonly machine: Machine }
  | { readonly kind: "steps"; readonly steps: readonly TrainStep[] }
  | { readonly kind: "evaluation"; readonly evaluation: TrainEvaluation }
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot }
  | { readonly kind: "saved"; readonly step: number };

export type SavedRun = {
  readonly step: number;
  readonly totalSteps: number;
  /** All, held-out ones too. */
  readonly images: number;
  readonly heldOut: {
    readonly images: number;
    /** How many of what, or why there are none. */
    readonly words: string;
  };
  readonly parameters: number;
  readonly steps: readonly TrainStep[];
  readonly evaluations: readonly TrainEvaluation[];
  readonly snapshots: readonly Snapshot[];
  /** The masked picture that snapshots fill, and the picture itself. */
  readonly masked: Picture;
  readonly original: Picture;
};

export type TrainSettings = {
  readonly steps: number;
  readonly width: number;
  readonly depth: number;
  /** Share of the images to hold out, where they have no folder `val`. */
  readonly heldOutShare: number;
  /** How the images of the run are decoded. */
  readonly colorProfile: ColorProfile;
};

/** `softwareGpu` lets a driver that runs on the processor pass for a GPU: for tests. */
export type TrainerOptions = { readonly softwareGpu: boolean };

/** Pre-training, in a worker of its own. A run lives in the browser's storage from its first step on. */
export interface Trainer {
  /** The run that an earlier visit left, or undefined. */
  saved(): Promise<SavedRun | undefined>;
  /** Starts a new run on these images, or on those that came with the page; the one before is gone. */
  create(
    images: readonly PlacedFile[] | undefined,
    settings: TrainSettings,
  ): Promise<{ run: SavedRun; notes: readonly string[] }>;
  /** Goes on until the last step, or until `pause`. */
  run(onReport: (report: TrainReport) => void, options: TrainerOptions): Promise<"finished" | "paused">;
  /** The step under way ends and is kept; `run` gives "paused" then. */
  pause(): Promise<void>;
  /** The run's folder as a ZIP archive, which `beit` in Node opens after unpacking. */
  download(): Promise<Uint8Array<ArrayBuffer>>;
  discard(): Promise<void>;
}
