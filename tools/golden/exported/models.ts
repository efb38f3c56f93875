// Small models of every variant, filled by formula, so that the same files come out on every machine.
import {
  loadBeit,
  parameterShapes,
  patchCount,
  type Beit,
  type BeitConfig,
  type ResizingOptions,
} from "@beitjs/beit-encoder";
import { dvaeVariants, initTokenizer, loadTokenizer, type DvaeConfig, type Tokenizer } from "@beitjs/dvae-tokenizer";
import { leaves, sizeOf, tensor, type Backend, type Shape, type Tensor } from "@beitjs/tensor-core";
import { heightWidth, imageShape, imageSizeOf, type ImageSize } from "@beitjs/tensor-core/grid";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import { hashSigned, hashUniform } from "@beitjs/tensor-core/testing";

export type Case<Config> = {
  readonly config: Config;
  /** Parameters in 16 bits. */
  readonly half?: boolean | undefined;
  /** Of a file for images of any size: those it is run with. */
  readonly sizes?: readonly ImageSize[] | undefined;
};
export type BeitCase = Case<BeitConfig> & {
  readonly output: "features" | "logits";
  /** Of positions for other sizes. */
  readonly resizing?: ResizingOptions;
};

// Spelled in full: files hold their config, in this order, and their hashes are kept.
const plain: BeitConfig = {
  imageSize: 32,
  channels: 3,
  patchSize: 8,
  width: 24,
  depth: 2,
  heads: 3,
  mlpRatio: 4,
  absolutePositions: false,
  relativePositions: "none",
  layerScale: 0,
  dropPath: 0.1,
  epsilon: 1e-6,
  vocabSize: 0,
  classes: 0,
  pooling: "mean",
};
const pretraining: BeitConfig = { ...plain, relativePositions: "shared", layerScale: 0.1, vocabSize: 32 };
const pretrainingPositions: BeitConfig = { ...plain, absolutePositions: true, vocabSize: 32 };
const classifier: BeitConfig = { ...plain, relativePositions: "per-layer", layerScale: 0.1, classes: 5 };
const classifierOnToken: BeitConfig = { ...plain, absolutePositions: true, classes: 5, pooling: "class" };
// What the others do not have: every kind of position but one, gray images, an odd depth, a large epsilon.
const unusual: BeitConfig = {
  ...classifier,
  channels: 1,
  patchSize: 16,
  depth: 3,
  heads: 2,
  mlpRatio: 2,
  absolutePositions: true,
  relativePositions: "shared",
  epsilon: 1e-3,
};

export const beitCases: Readonly<Record<string, BeitCase>> = {
  "pretraining-logits": { output: "logits", config: pretraining },
  "pretraining-features": { output: "features", config: pretraining },
  "pretraining-positions-logits": { output: "logits", config: pretrainingPositions },
  "classifier-logits": { output: "logits", config: classifier },
  "classifier-features": { output: "features", config: classifier },
  "classifier-on-token-logits": { output: "logits", config: classifierOnToken },
  "classifier-on-token-features": { output: "features", config: classifierOnToken },
  "unusual-logits": { output: "logits", config: unusual },
  "bare-features": { output: "features", config: { ...classifier, classes: 0 } },
  "normed-patches-logits": { output: "logits", config: { ...classifier, poolingNorm: "before" } },
  "normed-token-logits": { output: "logits", config: { ...classifierOnToken, poolingNorm: "after" } },
  "bare-normed-features": { output: "features", config: { ...classifier, classes: 0, poolingNorm: "after" } },
  "bare-normed-patches-features": { output: "features", config: { ...classifier, classes: 0, poolingNorm: "before" } },
  "bare-on-token-features": { output: "features", config: { ...classifierOnToken, classes: 0, poolingNorm: "before" } },
  "wide-pretraining-logits": { output: "logits", config: { ...pretraining, imageSize: [16, 40] } },
  "tall-classifier-logits": { output: "logits", config: { ...classifier, imageSize: [40, 24] } },
  "wide-positions-features": { output: "features", config: { ...classifierOnToken, imageSize: [24, 64] } },
  // Fewer patches and more, squares and not, sides that patches do not divide, one patch.
  "open-classifier-logits": { output: "logits", config: classifier, sizes: [32, 48, 24, [24, 56], [44, 30], 8] },
  "open-pretraining-logits": {
    output: "logits",
    config: pretraining,
    resizing: { tableResizing: "bilinear" },
    sizes: [32, [56, 24], [19, 41]],
  },
  "open-both-features": {
    output: "features",
    config: { ...unusual, patchSize: 8 },
    resizing: { tableResizing: "geometric-linear", positionResizing: "antialiased-bicubic" },
    sizes: [32, 56, [16, 44], 8],
  },
  "open-positions-features": { output: "features", config: classifierOnToken, sizes: [32, 48, 16, [24, 60], 8] },
  "open-wide-logits": {
    output: "logits",
    config: { ...classifier, imageSize: [24, 40] },
    sizes: [
      [24, 40],
      [24, 48],
      [40, 24],
      [32, 32],
    ],
  },
  "open-unplaced-logits": { output: "logits", config: { ...plain, classes: 5 }, sizes: [32, [24, 63]] },
  "half-pretraining-logits": { output: "logits", config: pretraining, half: true },
  "half-open-classifier-logits": { output: "logits", config: classifier, half: true, sizes: [32, [24, 56]] },
};

const tinyDallE: DvaeConfig = {
  ...dvaeVariants["dall-e"],
  imageSize: 16,
  vocabSize: 48,
  codebookWidth: 8,
  hidden: 8,
  groups: 3,
};
const tinyStrided: DvaeConfig = {
  ...dvaeVariants["beit-customized"],
  imageSize: 16,
  vocabSize: 48,
  codebookWidth: 8,
  hidden: 8,
  layers: 2,
};

export const tokenizerCases: Readonly<Record<string, Case<DvaeConfig>>> = {
  "tokenizer-dall-e": { config: tinyDallE },
  "tokenizer-dall-e-one-block": { config: { ...tinyDallE, groups: 2, blocksPerGroup: 1, channels: 1 } },
  "tokenizer-strided": { config: tinyStrided },
  "tokenizer-strided-middle": { config: { ...tinyStrided, blocksPerStage: 0, middleBlocks: 2, pixelRange: "unit" } },
  "tokenizer-dall-e-wide": { config: { ...tinyDallE, imageSize: [12, 28] } },
  "tokenizer-strided-tall": { config: { ...tinyStrided, imageSize: [28, 12] } },
  "tokenizer-dall-e-open": { config: tinyDallE, sizes: [16, 24, [28, 8]] },
  "tokenizer-strided-open": { config: tinyStrided, half: true, sizes: [16, [12, 28]] },
};

export function buildBeit(config: BeitConfig, backend: Backend): Beit {
  const values = [...parameterShapes(config)].map(([path, shape], k) => {
    const center = path.endsWith(".gamma") ? 1 : /\.scale[12]$/.test(path) ? 0.5 : 0;
    const spread = path.endsWith(".weight") ? Math.sqrt(3 / shape[1]) : 0.2;
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => center + spread * hashSigned(k, i));
    return [path, { shape, data }] as const;
  });
  return loadBeit(new Map(values), config, backend);
}

export function buildTokenizer(config: DvaeConfig, backend: Backend): Tokenizer {
  const blank = initTokenizer(config, createRng(1), createReferenceBackend());
  const values = leaves<Tensor>(blank.params).map(([path, { shape }], k) => {
    const spread = shape.length === 1 ? 0.3 : Math.sqrt(6 / sizeOf(shape.slice(1)));
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => spread * hashSigned(k, i));
    return [path, fromFloat32(data, shape)] as const;
  });
  return loadTokenizer(writeSafetensors(values), backend, { config });
}

/** Images as graphs take them [B, C, H, W]: noise in [-1, 1), or, for tokenizers, black and white squares with noise, in [0, 1). */
export function pixelsFor(config: BeitConfig | DvaeConfig, batch: number, range: "signed" | "unit"): Float32Array {
  const { width } = heightWidth(config.imageSize);
  const square = (i: number) => Math.floor(Math.floor(i / width) / 4) * width + Math.floor((i % width) / 4);
  const value = (i: number) =>
    range === "signed"
      ? hashSigned(1000, i)
      : 0.2 * hashUniform(1000, i) + 0.8 * Math.round(hashUniform(1001, square(i)));
  return Float32Array.from({ length: sizeOf(imageShape(batch, config)) }, (_, i) => value(i));
}

/** A config for images of another size, as far as cells fill them; its own where none is given. */
export function configAt<Config extends BeitConfig | DvaeConfig>(config: Config, size = config.imageSize): Config {
  const side = "patchSize" in config ? config.patchSize : 1;
  const [height, width] = Object.values(heightWidth(size)).map((pixels) => pixels - (pixels % side));
  return { ...config, imageSize: imageSizeOf({ height, width }) };
}

/** Every third patch, beginning with another one in every example. [B, N] */
export function maskFor(config: BeitConfig, batch: number): Int32Array {
  const patches = patchCount(config);
  return Int32Array.from({ length: batch * patches }, (_, i) =>
    ((i % patches) + Math.floor(i / patches)) % 3 === 0 ? 1 : 0,
  );
}

/** Shape of a batch as graphs take it. [B, C, H, W] */
export function channelsFirstShape(batch: number, config: BeitConfig | DvaeConfig): Shape {
  const [, height, width, channels] = imageShape(batch, config);
  return [batch, channels, height, width];
}

/** [B, C, H, W] -> tensor [B, H', W', C]: what lies in a corner of this size, default the whole image. */
export function channelsLast(pixels: Float32Array, [B, C, H, W]: Shape, backend: Backend, corner?: ImageSize): Tensor {
  const { height, width } = heightWidth(corner ?? [H, W]);
  const turned = new Float32Array(B * height * width * C);
  for (let i = 0; i < pixels.length; i++) {
    const [x, y, c, b] = [i % W, Math.floor(i / W) % H, Math.floor(i / (W * H)) % C, Math.floor(i / (W * H * C))];
    if (x < width && y < height) turned[((b * height + y) * width + x) * C + c] = pixels[i];
  }
  return tensor(turned, [B, height, width, C], backend);
}
