// Fresh parameters, by path: the official initialization of the pre-training and of the fine-tuning model.
// (modeling_pretrain.py, modeling_finetune.py; BEiT paper, section 2.5: output matrices are scaled by 1 / sqrt(2 l))
import { sizeOf, tensor, type Backend, type Shape } from "@beitjs/tensor-core";
import { constant, normal, truncatedNormal, uniform } from "@beitjs/tensor-core/nn";
import type { Rng } from "@beitjs/tensor-core/random";
import { gridOf, validateBeitConfig, type BeitConfig } from "./config.ts";
import { parameterShapes, treeFromPaths, type Beit } from "./parameters.ts";
import { sineCosinePositions } from "./positions/sine-cosine.ts";

export type InitOptions = {
  /** Standard deviation of matrices and tokens before they are cut; default 0.02, which suits widths of hundreds. */
  readonly std?: number;
};

const STD = 0.02;
/** Factor on a class head, so that classes start out almost equally likely. */
const HEAD_SCALE = 0.001;

/** @internal Fresh values of the parameter at a path. */
export type FreshValues = (path: string, shape: Shape) => Float32Array;

type InitRule = readonly [pattern: RegExp, values: (shape: Shape, path: string) => Float32Array];

/**
 * A model to pre-train: matrices and tokens normal, cut at one deviation.
 *
 * @throws `[initBeit] expected <path> …` for a config that cannot be
 */
export function initBeit(config: BeitConfig, rng: Rng, backend: Backend, options: InitOptions = {}): Beit {
  validateBeitConfig(config, "initBeit");
  return buildBeit(config, backend, pretrainingValues(config, rng, options));
}

/**
 * A classifier to train from scratch: matrices and tokens normal, patch embedding uniform, class
 * head 0.001 times as large.
 *
 * @throws `[initBeitClassifier] expected <path> …` for a config that cannot be, or has no classes
 */
export function initBeitClassifier(config: BeitConfig, rng: Rng, backend: Backend, options: InitOptions = {}): Beit {
  validateBeitConfig(config, "initBeitClassifier");
  if (config.classes === 0) throw new Error("[initBeitClassifier] expected classes above 0, got 0");
  return buildBeit(config, backend, fineTuningValues(config, rng, options));
}

/** A model of zeros: a place to write parameters to, or to count what they take. */
export function blankBeit(config: BeitConfig, backend: Backend): Beit {
  validateBeitConfig(config, "blankBeit");
  return buildBeit(config, backend, (_, shape) => new Float32Array(sizeOf(shape)));
}

/** @internal A model of these values. */
export function buildBeit(config: BeitConfig, backend: Backend, values: FreshValues): Beit {
  const shapes = [...parameterShapes(config)];
  return {
    config,
    params: treeFromPaths(shapes.map(([path, shape]) => [path, tensor(values(path, shape), shape, backend)])),
  };
}

/** @internal */
export function pretrainingValues(config: BeitConfig, rng: Rng, { std = STD }: InitOptions = {}): FreshValues {
  const matrix = (shape: Shape) => truncatedNormal(rng, shape, { std, cut: 1 });
  return firstMatch([...positionRules(config), ...constantRules(config), ...matrixRules(matrix)]);
}

/** @internal */
export function fineTuningValues(config: BeitConfig, rng: Rng, { std = STD }: InitOptions = {}): FreshValues {
  const matrix = (shape: Shape) => normal(rng, shape, { std });
  const bound = 1 / Math.sqrt(config.patchSize ** 2 * config.channels);
  return firstMatch([
    [/^patchEmbedding\./, (shape) => uniform(rng, shape, { low: -bound, high: bound })],
    ...constantRules(config),
    [/^classHead\.weight$/, (shape) => normal(rng, shape, { std: std * HEAD_SCALE })],
    ...matrixRules(matrix),
  ]);
}

// An encoder that sees only some patches begins to know where they are: its positions start as sines and cosines, and are learned from
// there. (He et al. 2021, appendix A.1, has them fixed)
function positionRules(config: BeitConfig): InitRule[] {
  return config.decoder ? [[/^positions$/, () => sineCosinePositions(gridOf(config), config.width)]] : [];
}

function constantRules({ layerScale }: BeitConfig): InitRule[] {
  return [
    [/\.gamma$/, (shape) => constant(shape, 1)],
    [/\.beta$/, (shape) => constant(shape, 0)],
    [/\.scale[12]$/, (shape) => constant(shape, layerScale)],
    [/(^|\.)(bias|queryBias|valueBias|relativePositionBias)$/, (shape) => constant(shape, 0)],
  ];
}

function matrixRules(matrix: (shape: Shape) => Float32Array): InitRule[] {
  return [
    [
      /^blocks\.\d+\.(attention\.projection|mlp\.contract)\.weight$/,
      (shape, path) => {
        const layer = Number(path.split(".")[1]) + 1;
        return matrix(shape).map((value) => value / Math.sqrt(2 * layer));
      },
    ],
    [/^(classToken|(decoder\.)?maskToken|positions|registers)$|\.weight$/, matrix],
  ];
}

function firstMatch(rules: readonly InitRule[]): FreshValues {
  return (path, shape) => {
    const rule = rules.find(([pattern]) => pattern.test(path));
    if (!rule) throw new Error(`[initBeit] expected a rule for every parameter, got none for ${path}`);
    return rule[1](shape, path);
  };
}
