// The run as the browser keeps it: one record, put in one transaction, so that a closed tab leaves the last whole state.
import { del, get, set } from "idb-keyval";
import { upgradeRecipe, type PretrainRecipe } from "@beitjs/trainers";
import type { Snapshot, TrainEvaluation, TrainSettings, TrainStep } from "../messages.ts";
import type { HeldOut } from "./held-out.ts";
import { pageStage } from "./recipe.ts";

const KEY = "beitjs-run";

export type StoredImages = {
  readonly side: number;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly names: readonly string[];
};

/** A checkpoint that was the best, and its step. */
type Best = { readonly step: number; readonly checkpoint: ReadonlyMap<string, Uint8Array> };

export type StoredRun = {
  readonly settings: TrainSettings;
  readonly recipe: PretrainRecipe;
  readonly images: StoredImages;
  /** Nothing in runs of before. */
  readonly heldOut?: HeldOut;
  /** Files of the checkpoint by name; empty before the first step. */
  readonly checkpoint: ReadonlyMap<string, Uint8Array>;
  /** The one of the lowest loss on held-out images. */
  readonly best?: Best | undefined;
  readonly steps: readonly TrainStep[];
  readonly evaluations?: readonly TrainEvaluation[];
  readonly snapshots: readonly Snapshot[];
};

export async function loadRun(): Promise<StoredRun | undefined> {
  const run = await get<StoredRun>(KEY);
  return run && { ...run, recipe: pageStage(upgradeRecipe(run.recipe)) };
}
export const saveRun = (run: StoredRun): Promise<void> => set(KEY, run);
export const deleteRun = (): Promise<void> => del(KEY);
