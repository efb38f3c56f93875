// Whether memory suffices for a run: what cannot fit is refused, before its images are read, with the flags that make it fit.
import { totalmem } from "node:os";
import type { MemoryUsage } from "@beitjs/tensor-core";
import {
  estimateMemory,
  fits,
  smallerRuns,
  type Dataset,
  type MemoryBounds,
  type MemoryOptions,
  type Recipe,
  type SmallerRun,
} from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import { goesOn } from "./length.ts";
import type { PlannedLoop } from "./plan.ts";

/** Which flags there are to make a run smaller. */
export type Smaller = {
  /** `--micro-batches`; `by fork` where only another run that begins with this one's state takes it. */
  readonly microBatches: boolean | "by fork";
  readonly recompute: boolean;
};

export const anySmaller: Smaller = { microBatches: true, recompute: true };

/** Of a training command: the recipe of a run that goes on is the one it has. */
export async function smallerFor(flags: { readonly out: string; readonly resume: string }): Promise<Smaller> {
  return (await goesOn(flags)) ? { microBatches: "by fork", recompute: true } : anySmaller;
}

type Unread = Omit<PlannedLoop, "images" | "validation">;
type Checked = MemoryOptions & { readonly smaller: Smaller };

/**
 * Refuses what cannot fit whatever the images are, before they are read: with a single class, and never evaluated.
 *
 * @throws as `tellMemory`
 */
export async function refuseTooLarge(loop: Unread, smaller: Smaller = anySmaller): Promise<void> {
  const { recipe } = loop;
  const options = memoryOptions({ ...loop, images: {} });
  const usage = await estimateMemory(recipe, options);
  if (usage) await refuseExcess(recipe, { ...options, evaluates: true, smaller }, usage);
}

/**
 * Tells what a run takes of its backend's memory.
 *
 * @throws a usage error if the backend cannot have it, with the flags that help and what it takes with them
 */
export async function tellMemory(
  recipe: Recipe,
  options: Checked,
  usage: MemoryUsage,
  { terminal }: Pick<Context, "terminal">,
): Promise<void> {
  await refuseExcess(recipe, options, usage);
  const { name, capacity = {} } = options.backend;
  const { bytes = Infinity } = capacity;
  const { peak } = usage;
  const ways = (bounds: MemoryBounds) => waysOut(recipe, options, bounds);
  const most = Number.isFinite(bytes) ? ` of the ${formatBytes(bytes)} that ${name} can have` : "";
  terminal.info(`memory: ${formatBytes(peak)} expected${most}`);
  if (!fits(usage, capacity)) terminal.warn(`memory: hardly enough, with gaps between tensors; ${await ways(capacity)}`);
  // A GPU's memory is not the machine's.
  const machine = machineBytes();
  if (name === "simd" && peak > machine)
    terminal.warn(`memory: this machine has ${formatBytes(machine)}; ${await ways({ bytes: machine })}`);
}

async function refuseExcess(recipe: Recipe, options: Checked, { peak, largest }: MemoryUsage): Promise<void> {
  const { name, capacity = {} } = options.backend;
  const { bytes = Infinity, tensorBytes = Infinity } = capacity;
  if (largest > tensorBytes) {
    const excess = `a tensor of ${formatBytes(largest)} expected, and ${name} takes up to ${formatBytes(tensorBytes)}`;
    throw usageError(`memory: ${excess}; ${await waysOut(recipe, options, capacity)}`);
  }
  if (peak > bytes) {
    const excess = `${formatBytes(peak - bytes)} more than the ${formatBytes(bytes)} that ${name} can have`;
    throw usageError(`memory: ${formatBytes(peak)} expected, ${excess}; ${await waysOut(recipe, options, capacity)}`);
  }
}

async function waysOut(recipe: Recipe, { smaller, ...options }: Checked, bounds: MemoryBounds): Promise<string> {
  const found = await smallerRuns(recipe, options, bounds);
  if (found.length === 0) return "not even one image at a time fits: take a smaller model or smaller images";
  const inFlags = ({ microBatches, recompute, usage }: SmallerRun) => {
    const flags = [
      ...(microBatches === recipe.microBatches ? [] : [`--micro-batches ${microBatches}`]),
      ...(recompute && !options.recompute ? ["--recompute"] : []),
    ];
    return `${flags.join(" ")} takes ${formatBytes(usage.peak)}`;
  };
  const taken = found.filter(
    ({ microBatches, recompute }) =>
      (smaller.microBatches === true || microBatches === recipe.microBatches) && (smaller.recompute || !recompute),
  );
  if (taken.length > 0) return taken.map(inFlags).join(", ");
  if (!smaller.microBatches) return "take another --backend, which can have more";
  const begun = "a run that goes on keeps its micro-batches; one that begins with its state, by --fork, may have others";
  return `${begun}: ${found.map(inFlags).join(", ")}`;
}

/** What an estimate takes of a loop; of images only their classes. */
export function memoryOptions(
  loop: Omit<PlannedLoop, "images"> & { readonly images: Pick<Dataset, "classes"> },
): MemoryOptions {
  const { backend, images, recompute = false, validation, tokenizer, from } = loop;
  const classes = images.classes?.length ?? 1;
  return { backend, classes, recompute, evaluates: validation !== undefined, tokenizer, from };
}

/** Bytes that this process may have of the machine. */
function machineBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(totalmem(), limit) : totalmem();
}

/** `310 MiB` */
export function formatBytes(bytes: number): string {
  return bytes < 2 ** 30
    ? `${Math.max(1, Math.round(bytes / 2 ** 20))} MiB`
    : `${Number((bytes / 2 ** 30).toPrecision(3))} GiB`;
}
