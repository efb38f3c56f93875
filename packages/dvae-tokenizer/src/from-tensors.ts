// Models from a config and the tensors of their parameters by path, as checkpoints of ours hold both. Whatever a config says,
// nothing of its sizes is made before they are those of tensors that are there.
import { checkTree, fillTree, leaves, zeros, type Backend, type Shape, type Tensor } from "@beitjs/tensor-core";
import type { SafeTensor } from "@beitjs/tensor-core/safetensors";
import { validateDvaeConfig, type DvaeConfig, type StridedConfig } from "./config.ts";
import { buildGaussianVae, type GaussianVae, type GaussianVaeConfig } from "./gaussian-vae.ts";
import type { InitConv } from "./init-conv.ts";
import { buildTokenizer, type Tokenizer } from "./tokenizer.ts";

type StoredTensors = ReadonlyMap<string, SafeTensor>;
type FromTensorsOptions = {
  /** Who asks, for messages. */
  readonly user?: string;
};

/**
 * A tokenizer from its config and all its parameters by path, in our layout.
 *
 * @throws `[user] …` for no config of a dVAE, one of more blocks than there are tensors, and tensors that are missing,
 * unexpected, misshapen or not finite
 */
export function tokenizerFromTensors(
  config: DvaeConfig,
  stored: StoredTensors,
  backend: Backend,
  { user = "tokenizerFromTensors" }: FromTensorsOptions = {},
): Tokenizer {
  checkConfig(config, stored.size, user);
  checkTree(tokenizerShapes(config, backend), stored, { user });
  const tokenizer = blankTokenizer(config, backend);
  fillTree(tokenizer.params, stored, { user, finite: true });
  return tokenizer;
}

/**
 * A Gaussian VAE from its config and all its parameters by path.
 *
 * @throws as `tokenizerFromTensors`
 */
export function gaussianVaeFromTensors(
  config: GaussianVaeConfig,
  stored: StoredTensors,
  backend: Backend,
  { user = "gaussianVaeFromTensors" }: FromTensorsOptions = {},
): GaussianVae {
  const strided: StridedConfig = { ...config, vocabSize: 1 };
  checkConfig(strided, stored.size, user);
  if (config.architecture !== "strided") {
    throw new Error(`[${user}] expected a Gaussian VAE of architecture strided, got ${String(config.architecture)}`);
  }
  const shapes = shapesOf(buildGaussianVae(config, shapeConvs).params);
  checkTree(shapes, stored, { user });
  const vae = blankGaussianVae(config, backend);
  fillTree(vae.params, stored, { user, finite: true });
  return vae;
}

/** A Gaussian VAE of zeros. */
export function blankGaussianVae(config: GaussianVaeConfig, backend: Backend): GaussianVae {
  return buildGaussianVae(config, blankConvs(backend));
}

/** A tokenizer of zeros: a place to write parameters to, or to count what they take. */
export function blankTokenizer(config: DvaeConfig, backend: Backend): Tokenizer {
  return buildTokenizer(config, { ...blankConvs(backend), table: (shape) => zeros(shape, backend) }, backend);
}

/** @internal Shapes of all parameters by path; nothing is allocated. */
export function tokenizerShapes(config: DvaeConfig, backend: Backend): ReadonlyMap<string, Shape> {
  return shapesOf(buildTokenizer(config, { ...shapeConvs, table: shapeLeaf, bias: shapeLeaf }, backend).params);
}

/** @internal Convolutions of zeros. */
export function blankConvs(backend: Backend): { readonly conv: InitConv; readonly up: InitConv } {
  const blank = (shape: Shape, width: number) => ({ filter: zeros(shape, backend), bias: zeros([width], backend) });
  return convsOf(blank);
}

/** @internal What is wrong with a config that a file came with, which has this many tensors. */
export function checkConfig(config: DvaeConfig, tensors: number, user: string): void {
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new Error(`[${user}] expected the config of a dVAE, got ${config === null ? "null" : typeof config}`);
  }
  validateDvaeConfig(config);
  // Every block has tensors: a config that promises more of them than there are is not spelled out, not even as names.
  const blocks =
    config.architecture === "dall-e"
      ? config.groups * config.blocksPerGroup
      : config.layers * (1 + config.blocksPerStage) + config.middleBlocks;
  if (blocks <= tensors) return;
  throw new Error(
    `[${user}] expected the tensors of ${blocks} blocks, as the config says, got ${tensors} tensors in all`,
  );
}

function convsOf(make: (shape: Shape, width: number) => { readonly filter: Tensor; readonly bias: Tensor }) {
  const conv: InitConv = ({ input, output, size }) => make([output, size, size, input], output);
  const up: InitConv = ({ input, output, size }) => make([input, size, size, output], output);
  return { conv, up };
}

// To a tree, a typed array is a leaf.
const shapeLeaf = (shape: Shape) => Float64Array.from(shape) as unknown as Tensor;
const shapeConvs = convsOf((shape, width) => ({ filter: shapeLeaf(shape), bias: shapeLeaf([width]) }));

function shapesOf(params: unknown): ReadonlyMap<string, Shape> {
  return new Map(leaves<Float64Array>(params).map(([path, shape]) => [path, [...shape]]));
}
