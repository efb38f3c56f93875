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
import { loadCheckpoint, type LoadedCheckpoint } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";

/** What a checkpoint was trained by. */
export function recipeOf({ manifest }: DecodedCheckpoint): Recipe {
  return manifest.recipe as Recipe;
}

/** Opens the checkpoint of a flag; it must be of one of these stages. Damaged ones that were passed over are told. */
export async function openCheckpoint(
  path: string,
  stages: readonly StageName[],
  { terminal }: Pick<Context, "terminal">,
): Promise<LoadedCheckpoint> {
  const checkpoint = await loadCheckpoint(path);
  for (const { path: damaged, reason } of checkpoint.skipped)
    terminal.warn(`damaged checkpoint passed over: ${damaged}: ${reason}`);
  const { stage } = recipeOf(checkpoint);
  if (!stages.includes(stage))
    throw usageError(`${path}: expected a checkpoint of stage ${stages.join(" or ")}, got ${stage}`);
  return checkpoint;
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
export function weightsHash({ manifest }: DecodedCheckpoint): string {
  return manifest.files["model.safetensors"].sha256;
}
