// Models from checkpoints.
import { gridOf, loadBeit, type ResizingOptions, type Beit, type BeitConfig } from "@beitjs/beit-encoder";
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
import type { LoadedCheckpoint } from "@beitjs/trainers/node";
import { usageError } from "../program/exit-codes.ts";

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
export function weightsHash({ manifest }: DecodedCheckpoint): string {
  return manifest.files["model.safetensors"].sha256;
}
