// Configurations of the tokenizer: the OpenAI DALL-E dVAE (Ramesh et al. 2021, appendix A.2) and the strided
// convolutional dVAE that BEiT's authors and DALLE-pytorch train, in any size.
import { cellGrid, formatAsSize, isImageSize, type Grid, type ImageSize } from "@beitjs/tensor-core/grid";

/** How reconstructions are scored: mean squared error, smooth L1, or the logit-Laplace likelihood (DALL-E, A.3). */
export type ReconstructionLoss = "mse" | "smooth-l1" | "logit-laplace";

/** What the network sees of a pixel x in [0, 1]: `mapped` 0.8x + 0.1, `normalized` 2x - 1, `unit` x. */
export type PixelRange = "mapped" | "normalized" | "unit";

type CommonConfig = {
  /** Height and width of the images; a number for squares. */
  readonly imageSize: ImageSize;
  readonly channels: number;
  /** Visual tokens in the codebook. */
  readonly vocabSize: number;
  /** Width of a codebook entry. */
  readonly codebookWidth: number;
  readonly reconstruction: ReconstructionLoss;
  readonly pixelRange: PixelRange;
};

/** OpenAI's network: groups of bottleneck residual blocks, max pooling down, nearest neighbor up. */
export type DallEConfig = CommonConfig & {
  readonly architecture: "dall-e";
  /** Width of the first group; it doubles with every group. */
  readonly hidden: number;
  /** Groups; all but the last halve the grid. */
  readonly groups: number;
  readonly blocksPerGroup: number;
};

/** Strided 4x4 convolutions with residual blocks. */
export type StridedConfig = CommonConfig & {
  readonly architecture: "strided";
  readonly hidden: number;
  /** Convolutions of stride 2: the grid is imageSize / 2^layers. */
  readonly layers: number;
  /** Residual blocks after every strided convolution (BEiT's own dVAE) ... */
  readonly blocksPerStage: number;
  /** ... or between the strided convolutions and the codebook (DALLE-pytorch). */
  readonly middleBlocks: number;
};

export type DvaeConfig = DallEConfig | StridedConfig;

export const dvaeVariants = {
  /** openai/DALL-E, at the size BEiT uses it: 112 x 112 pixels to 14 x 14 tokens. 97.6 M parameters. */
  "dall-e": {
    architecture: "dall-e",
    imageSize: 112,
    channels: 3,
    vocabSize: 8192,
    codebookWidth: 128,
    hidden: 256,
    groups: 4,
    blocksPerGroup: 2,
    reconstruction: "logit-laplace",
    pixelRange: "mapped",
  },
  /** microsoft/unilm, beit/modeling_discrete_vae.py: a residual block after every strided convolution. 20.1 M parameters. */
  "beit-customized": {
    architecture: "strided",
    imageSize: 112,
    channels: 3,
    vocabSize: 8192,
    codebookWidth: 512,
    hidden: 256,
    layers: 3,
    blocksPerStage: 1,
    middleBlocks: 0,
    reconstruction: "mse",
    pixelRange: "normalized",
  },
  /** lucidrains/DALLE-pytorch with the defaults of its train_vae.py. 16.7 M parameters. */
  "dalle-pytorch": {
    architecture: "strided",
    imageSize: 128,
    channels: 3,
    vocabSize: 8192,
    codebookWidth: 512,
    hidden: 256,
    layers: 3,
    blocksPerStage: 0,
    middleBlocks: 2,
    reconstruction: "mse",
    pixelRange: "normalized",
  },
} as const satisfies Record<string, DvaeConfig>;

/** Rows and columns of visual tokens. */
export function tokenGridOf(config: DvaeConfig): Grid {
  return cellGrid(config.imageSize, downsampling(config));
}

/** Channels of the decoder's output: logit-Laplace predicts a location and a scale per channel. */
export function outputChannels({ channels, reconstruction }: Pick<DvaeConfig, "channels" | "reconstruction">): number {
  return reconstruction === "logit-laplace" ? 2 * channels : channels;
}

/** What is wrong with a config: the field, what it should be, what it is. */
export type DvaeConfigIssue = { readonly path: string; readonly expected: string; readonly got: unknown };

/** All that is wrong with a config; nothing, for a good one. */
export function dvaeConfigIssues(config: DvaeConfig): readonly DvaeConfigIssue[] {
  const issues: DvaeConfigIssue[] = [];
  const check = (valid: boolean, path: string, expected: string, got: unknown): void => {
    if (!valid) issues.push({ path, expected, got });
  };
  const { imageSize, architecture } = config;
  check(["dall-e", "strided"].includes(architecture), "architecture", "dall-e or strided", architecture);
  const sized = isImageSize(imageSize);
  check(sized, "imageSize", "a positive integer or [height, width]", imageSize);
  for (const path of ["channels", "vocabSize", "codebookWidth", "hidden"] as const) {
    check(Number.isInteger(config[path]) && config[path] > 0, path, "a positive integer", config[path]);
  }
  if (config.architecture === "dall-e") {
    check(config.hidden % 4 === 0, "hidden", "a multiple of 4", config.hidden);
    check(config.groups >= 1, "groups", "at least 1", config.groups);
    check(config.blocksPerGroup >= 1, "blocksPerGroup", "at least 1", config.blocksPerGroup);
  } else check(config.layers >= 1, "layers", "at least 1", config.layers);
  const factor = downsampling(config);
  const whole = !sized || Object.values(tokenGridOf(config)).every(Number.isInteger);
  check(whole, "imageSize", `a multiple of ${factor}`, imageSize);
  const mapped = config.reconstruction !== "logit-laplace" || config.pixelRange === "mapped";
  check(mapped, "pixelRange", "mapped for logit-laplace", config.pixelRange);
  return issues;
}

/** @throws `[dvae] expected <path> to be …, got …` */
export function validateDvaeConfig(config: DvaeConfig): void {
  const [issue] = dvaeConfigIssues(config);
  if (issue) throw new Error(`[dvae] expected ${issue.path} to be ${issue.expected}, got ${formatAsSize(issue.got)}`);
}

function downsampling(config: DvaeConfig): number {
  return 2 ** (config.architecture === "dall-e" ? config.groups - 1 : config.layers);
}
