// What a step of each stage makes, on a backend that only counts memory: parameters, the tensors of a piece of a batch, and the
// objective over them. The values are zeros and nobody reads them.
import { leaves, mapTree, scope, zeros, type Backend, type DryBackend, type Tensor } from "@beitjs/tensor-core";
import { cellGrid, imageShape } from "@beitjs/tensor-core/grid";
import { argmax, crossEntropy, softTargetCrossEntropy } from "@beitjs/tensor-core/ops";
import { createRng, streams } from "@beitjs/tensor-core/random";
import {
  blankBeit,
  classLogits,
  encode,
  gridOf,
  type Beit,
  type BeitConfig,
  type BeitParams,
} from "@beitjs/beit-encoder";
import {
  blankGaussianVae,
  blankTokenizer,
  decodeGaussian,
  detokenize,
  encodeGaussian,
  gaussianVaeObjective,
  tokenizerObjective,
  tokenize,
  type DvaeParams,
  type GaussianVaeParams,
  type TokenizerEncoder,
} from "@beitjs/dvae-tokenizer";
import { drawMask, masksOf } from "../masks.ts";
import { pretrainingConfig } from "../recipes/pretraining-config.ts";
import { comparedPatches, maskedObjective } from "../stages/masked-objective.ts";
import type {
  FineTuneRecipe,
  GaussianRecipe,
  PretrainRecipe,
  Recipe,
  RecipeOf,
  StageName,
  TokenizerRecipe,
} from "../recipes/recipe.ts";
import type { Objective } from "../update.ts";

/** What a run takes beside its recipe, as far as memory goes. */
export type PlannedRun = {
  readonly backend: DryBackend;
  /** Of fine-tuning. */
  readonly classes: number;
  readonly recompute: boolean;
  /** The frozen tokenizer of pre-training, on this backend. */
  readonly tokenizer?: TokenizerEncoder | undefined;
};

/** A piece of a batch, and the objective over it. */
export type DryPiece = { readonly tensors: unknown; readonly objective: (params: unknown) => Objective };

export type DryStage = {
  readonly params: unknown;
  readonly piece: (images: number) => Promise<DryPiece>;
  /** A batch of an evaluation. */
  readonly evaluate: (images: number) => void;
};

/** A stage's step. */
export function dryStage<Name extends StageName>(recipe: RecipeOf<Name>, run: PlannedRun): DryStage {
  return (makers[recipe.stage as Name] as (recipe: RecipeOf<Name>, run: PlannedRun) => DryStage)(recipe, run);
}

/** The parameters of a recipe's model, as zeros. */
export function blankParams(recipe: Recipe, classes: number, backend: Backend): unknown {
  if (recipe.stage === "tokenizer") return blankTokenizer(recipe.model, backend).params;
  if (recipe.stage === "gaussian") return blankGaussianVae(recipe.model, backend).params;
  const config = recipe.stage === "fine-tune" ? classifierConfig(recipe, classes) : pretrainingConfig(recipe);
  return blankBeit(config, backend).params;
}

const makers: { readonly [Name in StageName]: (recipe: RecipeOf<Name>, run: PlannedRun) => DryStage } = {
  tokenizer: ofTokenizer,
  gaussian: ofGaussian,
  pretrain: ofPretrain,
  "fine-tune": ofFineTune,
};

function ofTokenizer({ model: config, ...recipe }: TokenizerRecipe, { backend }: PlannedRun): DryStage {
  const params = blankParams({ model: config, ...recipe }, 0, backend);
  const { seed, temperature, klWeight, hard, balanceWeight } = recipe;
  const options = { temperature: temperature.start, klWeight: klWeight.start, hard, balanceWeight };
  const noise = { seed, stream: streams.gumbel, epoch: 0, index: 0 };
  const piece = async (images: number): Promise<DryPiece> => {
    const pixels = zeros(imageShape(images, config), backend);
    const objective = (tracked: unknown) =>
      tokenizerObjective(config, tracked as DvaeParams, pixels, { ...options, noise });
    return { tensors: pixels, objective };
  };
  const tokenizer = { config, params: params as DvaeParams };
  const evaluate = (images: number) =>
    scope(backend, () => {
      detokenize(tokenizer, tokenize(tokenizer, zeros(imageShape(images, config), backend)));
    });
  return { params, piece, evaluate };
}

function ofGaussian(recipe: GaussianRecipe, { backend }: PlannedRun): DryStage {
  const { model: config, klWeight } = recipe;
  const params = blankParams(recipe, 0, backend);
  const { rows, cols } = cellGrid(config.imageSize, 2 ** config.layers);
  const piece = async (images: number): Promise<DryPiece> => {
    const pixels = zeros(imageShape(images, config), backend);
    const noise = zeros([images, rows, cols, config.codebookWidth], backend);
    const objective = (tracked: unknown) =>
      gaussianVaeObjective(config, tracked as GaussianVaeParams, pixels, { noise, klWeight: klWeight.start });
    return { tensors: [pixels, noise], objective };
  };
  const vae = { config, params: params as GaussianVaeParams };
  const evaluate = (images: number) =>
    scope(backend, () => {
      decodeGaussian(vae, encodeGaussian(vae, zeros(imageShape(images, config), backend)).mean);
    });
  return { params, piece, evaluate };
}

function ofPretrain(recipe: PretrainRecipe, { backend, recompute, tokenizer }: PlannedRun): DryStage {
  const { seed, target } = recipe;
  const config = pretrainingConfig(recipe);
  const params = blankParams(recipe, 0, backend);
  const grid = gridOf(config);
  const drawn = masksOf(recipe, grid);
  const batchOf = (images: number) => {
    if (tokenizer)
      scope(backend, () => {
        tokenize(tokenizer, zeros(imageShape(images, tokenizer.config), backend));
      });
    const masks = Array.from({ length: images }, (_, index) => drawMask(grid, drawn, { seed, epoch: 0, index }));
    const count = comparedPatches(masks, recipe);
    const targets = target === "tokens" && { targets: zeros([count], backend, "int32") };
    return { masks, pixels: zeros(imageShape(images, config), backend), ...targets };
  };
  const beitOf = (tree: unknown): Beit => ({ config, params: tree as BeitParams });
  const piece = async (images: number): Promise<DryPiece> => {
    const batch = batchOf(images);
    const objective = (tracked: unknown): Objective =>
      maskedObjective(beitOf(tracked), batch, recipe, { rng: dropPathRng(seed), recompute });
    return { tensors: [batch.pixels, batch.targets ?? []], objective };
  };
  const evaluate = (images: number) =>
    scope(backend, () => {
      maskedObjective(beitOf(params), batchOf(images), recipe);
    });
  return { params, piece, evaluate };
}

function ofFineTune(recipe: FineTuneRecipe, { backend, recompute, classes }: PlannedRun): DryStage {
  const { seed, labelSmoothing, mix } = recipe;
  const config = classifierConfig(recipe, classes);
  const params = blankParams(recipe, classes, backend);
  const piece = async (images: number): Promise<DryPiece> => {
    const pixels = zeros(imageShape(images, config), backend);
    const targets = mix ? zeros([images, config.classes], backend) : zeros([images], backend, "int32");
    const objective = (tracked: unknown): Objective => {
      const beit: Beit = { config, params: tracked as BeitParams };
      const logits = classLogits(beit, encode(beit, pixels, { rng: dropPathRng(seed), recompute }));
      const loss = mix ? softTargetCrossEntropy(logits, targets) : crossEntropy(logits, targets, { labelSmoothing });
      return { loss, predictions: argmax(logits) };
    };
    return { tensors: [pixels, targets], objective };
  };
  const beit = { config, params: params as BeitParams };
  const evaluate = (images: number) =>
    scope(backend, () => {
      classLogits(beit, encode(beit, zeros(imageShape(images, config), backend)));
    });
  return { params, piece, evaluate };
}

function classifierConfig({ model }: FineTuneRecipe, classes: number): BeitConfig {
  const relativePositions = model.relativePositions === "shared" ? "per-layer" : model.relativePositions;
  return { ...model, relativePositions, vocabSize: 0, classes };
}

function dropPathRng(seed: number) {
  return createRng({ seed, stream: streams.dropPath, epoch: 0, index: 0 });
}

/** The same parameters on a backend that only counts. */
export function dryCopy<Params>(params: Params, backend: DryBackend): Params {
  return mapTree(params, ({ shape, dtype }: Tensor) => zeros(shape, backend, dtype));
}

/** Values by the first name of their path: `blocks`, `classHead`. */
export function valuesByPart(params: unknown): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [path, { size }] of leaves<Tensor>(params)) {
    const [part] = path.split(".");
    counts.set(part, (counts.get(part) ?? 0) + size);
  }
  return counts;
}
