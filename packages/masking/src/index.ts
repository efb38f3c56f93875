// Masks for masked image modeling (BEiT) and masked language modeling (BERT, SpanBERT). Many at a time: "./bulk".
export { emptyMask, maskedIndices, maskFromCells, MaskOptionError, maskRatio, maxGridSide } from "./grid.ts";
export type { Grid, Mask } from "./grid.ts";
export { blockwiseMask } from "./blockwise.ts";
export type { Block, BlockwiseMask } from "./blockwise.ts";
export type { BlockShapeOptions, BlockwiseOptions, CountedBlockOptions, PaperBlockOptions } from "./block-plan.ts";
export { maskOf } from "./batch.ts";
export type { BlockwiseBatch, MaskBatch } from "./batch.ts";
export { uniformMask } from "./uniform.ts";
export type { UniformOptions } from "./uniform.ts";
export { drawSpanLength, spanLengthProbabilities, spanMask } from "./span.ts";
export type { Span, SpanLengthOptions, SpanMask, SpanMaskOptions } from "./span.ts";
export { bertCorrupt, spanCorrupt } from "./corrupt.ts";
export type { BertOptions, CorruptedTokens, ReplacementOptions, SpanReplacementOptions } from "./corrupt.ts";
export { formatMask } from "./format.ts";
export type { FormatOptions } from "./format.ts";
export { maskStatistics } from "./statistics.ts";
export type { MaskStatistics, StatisticsOptions } from "./statistics.ts";
export { hiddenRegions } from "./regions.ts";
