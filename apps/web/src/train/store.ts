// The run as the browser keeps it: one record, put in one transaction, so that a closed tab leaves the last whole state.
import { del, get, set } from "idb-keyval";
import { upgradeRecipe, type PretrainRecipe } from "@beitjs/trainers";
import type { Snapshot, TrainSettings, TrainStep } from "../messages.ts";

const KEY = "beitjs-run";

export type StoredImages = {
  readonly side: number;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly names: readonly string[];
};

export type StoredRun = {
  readonly settings: TrainSettings;
  readonly recipe: PretrainRecipe;
  readonly images: StoredImages;
  /** Files of the checkpoint by name; empty before the first step. */
  readonly checkpoint: ReadonlyMap<string, Uint8Array>;
  readonly steps: readonly TrainStep[];
  readonly snapshots: readonly Snapshot[];
};

export async function loadRun(): Promise<StoredRun | undefined> {
  const run = await get<StoredRun>(KEY);
  return run && { ...run, recipe: upgradeRecipe(run.recipe) };
}
export const saveRun = (run: StoredRun): Promise<void> => set(KEY, run);
export const deleteRun = (): Promise<void> => del(KEY);
