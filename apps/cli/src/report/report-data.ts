// Everything the report shows, as plain data: it can be drawn without a model, a data set or a run.
import type { Grid, Mask, MaskStatistics } from "@beitjs/masking";
import type { Image } from "@beitjs/tensor-core/image";
import type { DemoSummary } from "../demo/summary.ts";
import type { Point } from "./chart.ts";

/** An image through the tokenizer and back. */
export type Reconstruction = {
  readonly name: string;
  readonly original: Image;
  readonly restored: Image;
  /** Row by row. */
  readonly visualTokens: readonly number[];
};

/** An image of which the model saw only the visible patches. */
export type Restoration = {
  readonly name: string;
  readonly original: Image;
  readonly mask: Mask;
  /** The predicted visual tokens of the masked patches decoded, the visible patches as they were. */
  readonly restored: Image;
  /** The image's own visual tokens decoded: what a perfect prediction would give. */
  readonly tokenized: Image;
  /** Masked patches whose token was predicted exactly. */
  readonly right: number;
};

/** Attention of one image's query patches in the last block. */
export type AttentionPicture = {
  readonly name: string;
  readonly image: Image;
  readonly queries: readonly {
    readonly patch: number;
    /** Share of attention on every patch, for each head: [heads][patches]. */
    readonly heads: readonly ArrayLike<number>[];
  }[];
};

export type CodebookEntry = {
  readonly id: number;
  /** Share of all visual tokens of the test images. */
  readonly share: number;
  /** A grid of this token alone, decoded. */
  readonly image: Image;
};

export type FineTuneCurves = {
  /** Accuracy in training against epochs. */
  readonly train: readonly Point[];
  /** Accuracy on the test images against epochs. */
  readonly test: readonly Point[];
};

export type ReportData = {
  readonly summary: DemoSummary;
  /** Of patches, and of visual tokens. */
  readonly grid: Grid;
  readonly curves: {
    /** Against steps. */
    readonly tokenizer: {
      readonly reconstruction: readonly Point[];
      readonly kl: readonly Point[];
      readonly perplexity: readonly Point[];
      /** On the test images, as are the others of that name. */
      readonly testPerplexity: readonly Point[];
    };
    readonly pretrain: {
      readonly loss: readonly Point[];
      readonly accuracy: readonly Point[];
      readonly testLoss: readonly Point[];
      readonly testAccuracy: readonly Point[];
    };
    /** Of the first seed, against epochs. */
    readonly fineTune: { readonly pretrained: FineTuneCurves; readonly scratch: FineTuneCurves };
  };
  readonly reconstructions: readonly Reconstruction[];
  readonly codebook: readonly CodebookEntry[];
  readonly restorations: readonly Restoration[];
  readonly attention: readonly AttentionPicture[];
  readonly masks: { readonly statistics: MaskStatistics; readonly samples: readonly Mask[] };
};
