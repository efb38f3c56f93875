// What is in the files of a model: a BEiT or a tokenizer.
import { hasBeitNames } from "@beitjs/beit-encoder";
import { hasTokenizerNames } from "@beitjs/dvae-tokenizer";
import { firstOf, openTensors } from "@beitjs/tensor-core/files";
import type { Context } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import { stages, stagesOfKind } from "../runs/stages.ts";
import { isCheckpoint, openModelFiles } from "./sources.ts";
import { openCheckpoint, recipeOf } from "./from-checkpoint.ts";

export type ModelKind = "beit" | "tokenizer";

/** @throws if it is neither, naming what is there */
export async function modelKind(paths: readonly string[], context: Context): Promise<ModelKind> {
  if (paths.length === 1 && (await isCheckpoint(paths[0]))) {
    const { stage } = recipeOf(await openCheckpoint(paths[0], stagesOfKind(), context, { quiet: true }));
    return stages[stage].kind as ModelKind;
  }
  const files = await openModelFiles(paths, context);
  try {
    const seen: string[] = [];
    for (const source of files.sources) {
      if (source.name.endsWith(".json")) continue;
      const names = [...(await openTensors(source)).tensors.keys()];
      if (hasBeitNames(names)) return "beit";
      if (hasTokenizerNames(names)) return "tokenizer";
      seen.push(...names.slice(0, 3));
    }
    throw usageError(`${paths.join(", ")}: expected a BEiT or a tokenizer, got ${firstOf(seen) || "no weights"}`);
  } finally {
    await files.close();
  }
}
