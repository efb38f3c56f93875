// Models from checkpoints.
import {
  gridOf,
  loadBeit,
  type Beit,
  type BeitConfig,
  type ResizingOptions,
  type WeightsChoice,
} from "@beitjs/beit-encoder";
import {
  gaussianVaeFromTensors,
  tokenizerFromTensors,
  type DvaeConfig,
  type GaussianVae,
  type GaussianVaeConfig,
  type Tokenizer,
} from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import type { ImageSize } from "@beitjs/tensor-core/grid";
import { toFloat32 } from "@beitjs/tensor-core/safetensors";
import type { DecodedCheckpoint, Recipe, StageName } from "@beitjs/trainers";
import { bestCheckpoint, loadCheckpoint, type LoadedCheckpoint } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { messageOf, usageError } from "../program/exit-codes.ts";
import { formatMetric } from "../runs/expectations.ts";

/** What a checkpoint was trained by. */
export function recipeOf({ manifest }: DecodedCheckpoint): Recipe {
  return manifest.recipe as Recipe;
}

/** A checkpoint as it is, if it is of one of these stages. */
export function requireStage(checkpoint: LoadedCheckpoint, stages: readonly StageName[]): LoadedCheckpoint {
  const { stage } = recipeOf(checkpoint);
  if (stages.includes(stage)) return checkpoint;
  throw usageError(`${checkpoint.path}: expected a checkpoint of stage ${stages.join(" or ")}, got ${stage}`);
}

/** A checkpoint with the parameters that were taken of it, and which these are where it has two kinds. */
export type OpenedCheckpoint = LoadedCheckpoint & { readonly weights?: WeightsChoice };

/**
 * A checkpoint with the weights of a choice as its parameters.
 *
 * @throws a usage error where averaged ones are asked for and there are none
 */
export function withWeights(checkpoint: LoadedCheckpoint, choice: "auto" | WeightsChoice): OpenedCheckpoint {
  const average = checkpoint.trees.get("ema");
  if (!average && choice === "average") {
    throw usageError(`${checkpoint.path}: expected averaged weights for --weights average, got a run without ema`);
  }
  if (!average) return checkpoint;
  return choice === "raw" ? { ...checkpoint, weights: "raw" } : { ...checkpoint, tensors: average, weights: "average" };
}

/** The same, and told which they are. */
export function takeWeights(
  checkpoint: LoadedCheckpoint,
  choice: "auto" | WeightsChoice,
  { terminal }: Pick<Context, "terminal">,
): OpenedCheckpoint {
  const opened = withWeights(checkpoint, choice);
  if (opened.weights) terminal.info(`weights: ${describeOwnWeights(opened.weights)}`);
  return opened;
}

/** The best checkpoint of a run, told to be it; undefined without a good one. */
export async function loadBest(
  path: string,
  { terminal }: Pick<Context, "terminal">,
): Promise<LoadedCheckpoint | undefined> {
  const best = await bestCheckpoint(path);
  if (!best) return undefined;
  try {
    const checkpoint = await loadCheckpoint(best.path);
    terminal.info(describeBest(path, checkpoint));
    return checkpoint;
  } catch (error) {
    terminal.warn(`the best checkpoint is passed over: ${messageOf(error)}`);
    return undefined;
  }
}

function describeBest(path: string, { manifest: { step, validation } }: LoadedCheckpoint): string {
  const { metric, best } = validation ?? {};
  const by = metric === undefined || !best ? "" : ` by val ${formatMetric(metric, best.value)}`;
  return `checkpoint: the best of ${path}${by}, step ${step}; the newest is ${path}/checkpoints/last`;
}

function describeOwnWeights(taken: WeightsChoice): string {
  return taken === "average"
    ? "the averaged ones (ema.safetensors); those of the last step are in model.safetensors"
    : "those of the last step; averaged ones are in ema.safetensors";
}

export function tokenizerOf({ manifest, tensors }: DecodedCheckpoint, backend: Backend): Tokenizer {
  return tokenizerFromTensors(manifest.model as DvaeConfig, tensors, backend, { user: "loadCheckpoint" });
}

export function gaussianVaeOf({ manifest, tensors }: DecodedCheckpoint, backend: Backend): GaussianVae {
  return gaussianVaeFromTensors(manifest.model as GaussianVaeConfig, tensors, backend, { user: "loadCheckpoint" });
}

/** Another image size than the checkpoint's, and how positions meet it. */
export type OpeningOptions = ResizingOptions & { readonly imageSize?: ImageSize | undefined };

export function beitOf(
  { manifest, tensors }: DecodedCheckpoint,
  backend: Backend,
  { imageSize, ...resizing }: OpeningOptions = {},
): Beit {
  const values = new Map([...tensors].map(([path, one]) => [path, { shape: one.shape, data: toFloat32(one) }]));
  const config = manifest.model as BeitConfig;
  return loadBeit(values, { ...config, imageSize: imageSize ?? config.imageSize }, backend, {
    ...resizing,
    from: gridOf(config),
  });
}

/** What tells one model's weights from another's. */
export function weightsHash({ manifest, weights }: OpenedCheckpoint): string {
  return manifest.files[weights === "average" ? "ema.safetensors" : "model.safetensors"].sha256;
}
