// What a model is: a BEiT or a tokenizer.
import { hasBeitNames } from "@beitjs/beit-encoder";
import { visionTransformers } from "@beitjs/beit-encoder/vision-transformers";
import { hasTokenizerNames } from "@beitjs/dvae-tokenizer";
import { firstOf, openTensors } from "@beitjs/tensor-core/files";
import { usageError } from "../program/exit-codes.ts";
import { stages, stagesOfKind } from "../runs/stages.ts";
import { recipeOf, requireStage } from "./from-checkpoint.ts";
import type { FoundModel } from "./sources.ts";

export type ModelKind = "beit" | "tokenizer";

/** @throws if it is neither, naming what is there */
export async function modelKind({ checkpoint, sources, name }: FoundModel): Promise<ModelKind> {
  if (checkpoint) return stages[recipeOf(requireStage(checkpoint, stagesOfKind())).stage].kind as ModelKind;
  const seen: string[] = [];
  for (const source of sources) {
    if (source.name.endsWith(".json")) continue;
    const names = [...(await openTensors(source)).tensors.keys()];
    if (hasBeitNames(names, visionTransformers)) return "beit";
    if (hasTokenizerNames(names)) return "tokenizer";
    seen.push(...names.slice(0, 3));
  }
  throw usageError(`${name}: expected a BEiT or a tokenizer, got ${firstOf(seen) || "no weights"}`);
}
