// The first lines of a run: what it trains and for how long, and whether memory suffices; what does not fit is refused with the flags
// that make it fit.
import type { Backend, MemoryUsage } from "@beitjs/tensor-core";
import { gridOf, patchCount, type Beit } from "@beitjs/beit-encoder";
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import {
  drawMask,
  estimateMemory,
  masksOf,
  planOf,
  type Dataset,
  type PretrainRecipe,
  type Recipe,
  type RunPlan,
} from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import { anySmaller, memoryOptions, tellMemory, type Smaller } from "./memory.ts";

/** A run as it is planned: what its loop takes. */
export type PlannedLoop = {
  readonly recipe: Recipe;
  readonly images: Dataset;
  readonly backend: Backend;
  readonly recompute?: boolean;
  readonly validation?: { readonly images: { readonly length: number } } | undefined;
  readonly tokenizer?: TokenizerEncoder;
  readonly from?: Beit;
};

export type ToldPlan = { readonly plan: RunPlan; readonly memory: MemoryUsage | undefined };

/**
 * Tells what a run will be.
 *
 * @throws a usage error if its backend cannot have the memory, with the flags that help and what it takes with them
 */
export async function tellPlan(
  loop: PlannedLoop,
  { terminal }: Pick<Context, "terminal">,
  smaller: Smaller = anySmaller,
): Promise<ToldPlan> {
  const { recipe, images, backend } = loop;
  const plan = planOf(recipe, images);
  const options = memoryOptions(loop);
  const memory = await estimateMemory(recipe, options);
  const { learningRate: _, weightDecay: __, ...facts } = plan;
  terminal.event("plan", { ...facts, memory: memory ?? null, capacity: backend.capacity ?? null });
  terminal.info(`model: ${describeParameters(plan)}`);
  terminal.info(`run: ${describeLength(plan)}`);
  if (recipe.stage === "pretrain" && !isPapers(recipe)) terminal.info(`masks: ${describeMasks(recipe)}`);
  if (memory) await tellMemory(recipe, { ...options, smaller }, memory, { terminal });
  else terminal.info(`memory: not known on ${backend.name}`);
  return { plan, memory };
}

function describeParameters({ parameters, parametersByPart }: RunPlan): string {
  const parts = Object.entries(parametersByPart).sort(([, a], [, b]) => b - a);
  const told = parts.slice(0, 3).map(([name, count]) => `${name} ${formatCount(count)}`);
  return `${formatCount(parameters)} parameters (${told.join(", ")}${parts.length > 3 ? ", …" : ""})`;
}

function describeLength(plan: RunPlan): string {
  const { epochs, stepsPerEpoch, totalSteps, batchSize, microBatches, warmupSteps, learningRate } = plan;
  const pieces = microBatches > 1 ? ` in ${microBatches} pieces` : "";
  const peak = learningRate(Math.min(totalSteps, Math.max(1, warmupSteps)) - 1);
  return (
    `${counted(epochs, "epoch")} of ${counted(stepsPerEpoch, "step")} of ${counted(batchSize, "image")}${pieces}, ` +
    `${counted(totalSteps, "step")} in all; rate ${Number(peak.toPrecision(3))}${warmupSteps > 1 ? ` after a warm-up of ${warmupSteps}` : ""}`
  );
}

// BEiT's own way needs no word.
function isPapers({ encoder, target, loss }: PretrainRecipe): boolean {
  return encoder === "all" && target === "tokens" && loss === "masked";
}

function describeMasks(recipe: PretrainRecipe): string {
  const { model, mask, encoder, target, loss } = recipe;
  const grid = gridOf(model);
  const patches = patchCount(model);
  const { count } = drawMask(grid, masksOf(recipe, grid), { seed: recipe.seed, epoch: 0, index: 0 });
  const about = encoder === "all" && mask.kind === "blockwise" ? "about " : "";
  const hidden = mask.kind === "none" ? "nothing hidden" : `${about}${count} of ${patches} patches hidden`;
  const seen = encoder === "visible" ? `; the encoder sees the other ${patches - count}` : "";
  const predicted = target === "pixels" ? "pixels" : "visual tokens";
  return `${hidden}${seen}; predicted: ${predicted} of ${loss === "all" ? "all" : "the hidden ones"}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** `1.23 M` */
function formatCount(count: number): string {
  if (count < 1e4) return String(count);
  return count < 1e6 ? `${(count / 1e3).toPrecision(3)} k` : `${Number((count / 1e6).toPrecision(3))} M`;
}
