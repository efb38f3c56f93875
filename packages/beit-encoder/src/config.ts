// What a BEiT is: sizes, positions and heads, complete and readonly, so that a checkpoint can carry it as JSON.
// Sizes of base and large: BEiT paper, table 12; tiny and small: DeiT (Touvron et al. 2021), table 1.
import { firstOf } from "@beitjs/tensor-core/files";
import {
  cellCount,
  cellGrid,
  formatAsSize,
  heightWidth,
  isImageSize,
  wholeCells,
  type Grid,
  type ImageSize,
} from "@beitjs/tensor-core/grid";

/** `shared`: one table for all layers (pre-training). `per-layer`: a table in every layer (fine-tuning). */
export type RelativePositions = "none" | "shared" | "per-layer";

/** Where the norm stands about pooling: over all tokens (parameter `norm`), or over what was pooled (`classNorm`). */
export type PoolingNorm = "before" | "after";

/** The small transformer behind an encoder that sees only some patches. (He et al. 2021, section 3) */
export type DecoderConfig = {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Visual tokens to predict; 0: the pixels of patches. */
  readonly vocabSize: number;
};

export type BeitConfig = {
  /** Height and width of the images, in pixels; a number for squares. What no whole patch covers, right and below, is not seen. */
  readonly imageSize: ImageSize;
  readonly channels: number;
  /** Side of a patch, in pixels; at most the image's. */
  readonly patchSize: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Hidden width of the perceptrons, in widths. */
  readonly mlpRatio: number;
  /** A learned embedding per position, the class token's included. */
  readonly absolutePositions: boolean;
  readonly relativePositions: RelativePositions;
  /**
   * Learned tokens without a place, beside the class token and the patches in all blocks and left out behind them. Absent in BEiT's own
   * models. (Darcet et al. 2023)
   */
  readonly registers?: number;
  /** Initial factor of every residual branch; 0: branches have no factors. */
  readonly layerScale: number;
  /** Drop-path rate of the last block; the first has none, those between lie on a line. */
  readonly dropPath: number;
  /** Variance offset of the layer normalizations. */
  readonly epsilon: number;
  /** Visual tokens to predict; 0: no mask token and no visual-token head. */
  readonly vocabSize: number;
  /** Classes to predict; 0: no class head. */
  readonly classes: number;
  /** What the class head sees: the mean of the patches or the class token. */
  readonly pooling: "mean" | "class";
  /**
   * Reads what the encoder makes of the patches that are not hidden, and predicts the others: the encoder sees no mask token. Absent in
   * BEiT's own models. `vocabSize` and `classes` are 0 with it. (masked autoencoder)
   */
  readonly decoder?: DecoderConfig;
  /** Where it is there: a mask token and a head for the pixels of patches in the place of visual tokens; `vocabSize` is 0 with it. */
  readonly pixelHead?: true;
  /**
   * Where the norm stands, if not where BEiT's own classifiers have it (after the mean, before the class token is taken);
   * absent in models without a class head: nothing is normalized.
   */
  readonly poolingNorm?: PoolingNorm;
};

const shared = {
  imageSize: 224,
  channels: 3,
  patchSize: 16,
  mlpRatio: 4,
  absolutePositions: false,
  relativePositions: "shared",
  layerScale: 0.1,
  dropPath: 0,
  epsilon: 1e-6,
  vocabSize: 8192,
  classes: 0,
  pooling: "mean",
} as const;

/** Models for pre-training as released: shared relative position bias, layer scale, a head over 8192 visual tokens. */
export const beitVariants = {
  tiny: { ...shared, width: 192, depth: 12, heads: 3 },
  small: { ...shared, width: 384, depth: 12, heads: 6 },
  base: { ...shared, width: 768, depth: 12, heads: 12 },
  large: { ...shared, width: 1024, depth: 24, heads: 16, layerScale: 1e-5 },
} as const satisfies Record<string, BeitConfig>;

/** The plain vision transformer of the paper's tables, to be spread over a variant. (BEiT paper, section 2.2) */
export const plainTransformer = {
  absolutePositions: true,
  relativePositions: "none",
  layerScale: 0,
} as const satisfies Partial<BeitConfig>;

/** Hidden width of the perceptrons. */
export function hiddenWidth({ width, mlpRatio }: Pick<BeitConfig, "width" | "mlpRatio">): number {
  // A ratio such as 7 / 25 gives back its numerator up to rounding.
  return Math.round(width * mlpRatio);
}

/** Rows and columns of patches: as many as fit, as in the convolution of the originals. */
export function gridOf({ imageSize, patchSize }: BeitConfig): Grid {
  return wholeCells(cellGrid(imageSize, patchSize));
}

/** Patches of an image. */
export function patchCount(config: BeitConfig): number {
  return cellCount(gridOf(config));
}

/** Where a model's norm stands about pooling; undefined: what is pooled has no norm. */
export function poolingNormOf({ classes, pooling, poolingNorm }: BeitConfig): PoolingNorm | undefined {
  if (poolingNorm !== undefined || classes === 0) return poolingNorm;
  return pooling === "mean" ? "after" : "before";
}

/** @internal The config with its norm there; said only where it is not BEiT's own choice, so that one model has one config. */
export function withPoolingNorm({ poolingNorm: _, ...config }: BeitConfig, place: PoolingNorm | undefined): BeitConfig {
  return place === undefined || place === poolingNormOf(config) ? config : { ...config, poolingNorm: place };
}

/** What a model predicts of hidden patches: visual tokens, their pixels, or nothing. */
export function predictionOf({ vocabSize, decoder, pixelHead }: BeitConfig): "tokens" | "pixels" | "nothing" {
  if (vocabSize > 0 || (decoder && decoder.vocabSize > 0)) return "tokens";
  return decoder || pixelHead ? "pixels" : "nothing";
}

/** The visual tokens that a model predicts, by its own head or its decoder's; 0: none. */
export function predictedTokens({ vocabSize, decoder }: BeitConfig): number {
  return decoder ? decoder.vocabSize : vocabSize;
}

/** The config of the encoder alone: what its heads and its decoder need is left out. */
export function encoderConfig({ decoder: _, pixelHead: __, ...config }: BeitConfig): BeitConfig {
  return config;
}

/** Drop-path rate of a block: 0 for the first, `dropPath` for the last. (modeling_pretrain.py) */
export function dropPathRate({ dropPath, depth }: BeitConfig, block: number): number {
  return depth > 1 ? (dropPath * block) / (depth - 1) : 0;
}

/** @internal Of a model's images: a size in a file must not make us reserve what no machine has. */
export const MAX_PIXELS = 2 ** 26;

const MAX_PAIRED_PATCHES = 2 ** 15;

/** @internal */
export function isBoundedSize(size: ImageSize): boolean {
  const { height, width } = heightWidth(size);
  return height * width <= MAX_PIXELS;
}

/** What is wrong with a config: the field, what it should be, what it is. */
export type BeitConfigIssue = { readonly path: keyof BeitConfig; readonly expected: string; readonly got: unknown };

/** All that is wrong with a config; nothing, for a good one. */
export function beitConfigIssues(config: BeitConfig): readonly BeitConfigIssue[] {
  const issues: BeitConfigIssue[] = [];
  const check = (valid: boolean, path: keyof BeitConfig, expected: string): void => {
    if (!valid) issues.push({ path, expected, got: config[path] });
  };
  const sized = isImageSize(config.imageSize);
  check(sized, "imageSize", "a positive integer or [height, width]");
  const counts = ["channels", "patchSize", "width", "depth", "heads"] as const;
  for (const path of counts) check(isCount(config[path], 1), path, "a positive integer");
  for (const path of ["vocabSize", "classes"] as const) check(isCount(config[path], 0), path, "a non-negative integer");
  const { patchSize, width, heads, mlpRatio, layerScale, dropPath, epsilon } = config;
  check(!sized || patchCount(config) > 0, "imageSize", `at least patchSize ${patchSize}`);
  check(!sized || isBoundedSize(config.imageSize), "imageSize", `of at most ${MAX_PIXELS} pixels`);
  const paired = config.relativePositions === "none" || !sized || patchCount(config) <= MAX_PAIRED_PATCHES;
  check(paired, "imageSize", `of at most ${MAX_PAIRED_PATCHES} patches, as every pair of them has a relative position`);
  check(width % heads === 0, "heads", `a divisor of width ${width}`);
  const hidden = hiddenWidth(config);
  const exact = isCount(hidden, 1) && Math.abs(width * mlpRatio - hidden) <= 4 * Number.EPSILON * hidden;
  check(exact, "mlpRatio", `a number that gives a positive integer times width ${width}`);
  check(layerScale >= 0 && layerScale < Infinity, "layerScale", "0 or more");
  check(dropPath >= 0 && dropPath < 1, "dropPath", "in [0, 1)");
  check(epsilon > 0 && epsilon < 1, "epsilon", "in (0, 1)");
  check(typeof config.absolutePositions === "boolean", "absolutePositions", "true or false");
  const positions = ["none", "shared", "per-layer"];
  check(positions.includes(config.relativePositions), "relativePositions", "none, shared or per-layer");
  const { registers } = config;
  check(registers === undefined || isCount(registers, 1), "registers", "a positive integer, or absent");
  const placed = registers === undefined || config.relativePositions === "none";
  check(placed, "relativePositions", "none in a model with registers");
  check(["mean", "class"].includes(config.pooling), "pooling", "mean or class");
  check([undefined, "before", "after"].includes(config.poolingNorm), "poolingNorm", "before, after or absent");
  issues.push(...predictionIssues(config));
  const headless = config.vocabSize === 0 || config.classes > 0;
  check(headless || config.poolingNorm === undefined, "poolingNorm", "absent in a model for pre-training");
  return issues;
}

// Of models that predict otherwise than BEiT's own.
function predictionIssues(config: BeitConfig): readonly BeitConfigIssue[] {
  const { decoder, pixelHead } = config;
  if (decoder === undefined && pixelHead === undefined) return [];
  const issues: BeitConfigIssue[] = [];
  const check = (valid: boolean, path: keyof BeitConfig, expected: string): void => {
    if (!valid) issues.push({ path, expected, got: config[path] });
  };
  const what = decoder === undefined ? "a head for pixels" : "a decoder";
  check(
    pixelHead === undefined || (pixelHead && decoder === undefined),
    "pixelHead",
    "true, or absent beside a decoder",
  );
  check(config.vocabSize === 0, "vocabSize", `0 in a model with ${what}`);
  check(config.classes === 0, "classes", `0 in a model with ${what}`);
  check(config.poolingNorm === "before", "poolingNorm", `before in a model with ${what}`);
  if (decoder === undefined) return issues;
  const counts = [decoder?.width, decoder?.depth, decoder?.heads];
  const sized = counts.every((count) => isCount(count, 1)) && isCount(decoder?.vocabSize, 0);
  check(sized, "decoder", "positive integers width, depth and heads, and vocabSize");
  check(!sized || decoder.width % decoder.heads === 0, "decoder", "of heads that divide its width");
  check(!sized || decoder.width % 4 === 0, "decoder", "of a width that is a multiple of 4");
  check(config.width % 4 === 0, "width", "a multiple of 4 in a model with a decoder");
  const why = "in a model whose encoder sees only some patches";
  check(config.absolutePositions, "absolutePositions", `true ${why}`);
  check(config.relativePositions === "none", "relativePositions", `none ${why}`);
  return issues;
}

/**
 * Checks a config.
 *
 * @param caller name in front of the message
 * @throws `[caller] expected <path> to be …, got …`
 */
export function validateBeitConfig(config: BeitConfig, caller = "validateBeitConfig"): void {
  const [issue] = beitConfigIssues(config);
  if (issue === undefined) return;
  // Either may repeat a field of a file, of any length.
  const [expected, got] = [firstOf([issue.expected]), firstOf([formatAsSize(issue.got)])];
  throw new Error(`[${caller}] expected ${issue.path} to be ${expected}, got ${got}`);
}

function isCount(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least;
}
