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

/** A checkpoint with the parameters that were taken of it, and which these are where it has two kinds. */
export type OpenedCheckpoint = LoadedCheckpoint & { readonly weights?: WeightsChoice };

export type OpenCheckpointOptions = {
  /** Where it has averaged weights, these by default. */
  readonly weights?: "auto" | WeightsChoice;
  /** Says nothing of what was chosen. */
  readonly quiet?: boolean;
};

/**
 * Opens the checkpoint of a flag; it must be of one of these stages. Of a run the best one is taken, where there is one, else the newest
 * good one. What was chosen is told, and damaged ones that were passed over.
 */
export async function openCheckpoint(
  path: string,
  stages: readonly StageName[],
  { terminal }: Pick<Context, "terminal">,
  { weights = "auto", quiet = false }: OpenCheckpointOptions = {},
): Promise<OpenedCheckpoint> {
  const best = await loadBest(path, { terminal });
  const checkpoint = best ?? (await loadCheckpoint(path));
  for (const { path: damaged, reason } of checkpoint.skipped)
    terminal.warn(`damaged checkpoint passed over: ${damaged}: ${reason}`);
  const { stage } = recipeOf(checkpoint);
  if (!stages.includes(stage))
    throw usageError(`${path}: expected a checkpoint of stage ${stages.join(" or ")}, got ${stage}`);
  if (best && !quiet) terminal.info(describeBest(path, best));
  const opened = withWeights(checkpoint, weights);
  if (opened.weights && !quiet) terminal.info(`weights: ${describeOwnWeights(opened.weights)}`);
  return opened;
}

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

async function loadBest(path: string, { terminal }: Pick<Context, "terminal">): Promise<LoadedCheckpoint | undefined> {
  const best = await bestCheckpoint(path);
  if (!best) return undefined;
  try {
    return await loadCheckpoint(best.path);
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

/** @param options another image size than the checkpoint's, and how positions meet it */
export function beitOf(
  { manifest, tensors }: DecodedCheckpoint,
  backend: Backend,
  { imageSize, ...resizing }: ResizingOptions & { readonly imageSize?: ImageSize | undefined } = {},
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
