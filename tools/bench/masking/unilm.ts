// The official generator as a contestant: Python with a checkout of microsoft/unilm.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { BenchOptions } from "../arguments.ts";
import { findPeers, peerFiles } from "../peers.ts";
import type { Contestant } from "../processes.ts";
import type { Skipped } from "../report.ts";
import { maskingSettings, officialSettings } from "./settings.ts";

export const unilmName = "unilm";

/** The contestant, if it can run here. */
export async function findUnilm(
  options: Pick<BenchOptions, "peers" | "python" | "unilm">,
): Promise<{ readonly contestant?: Contestant; readonly skipped: readonly Skipped[] }> {
  const { unilm } = options;
  const { python, skipped } = await findPeers(options, { npm: [], python: { name: unilmName, modules: ["numpy"] } });
  if (python === undefined) return { skipped };
  const found = findCheckout(unilm);
  if ("reason" in found) return { skipped: [{ name: unilmName, reason: found.reason }] };
  // A mask takes it a hundred times as long as others: a go of 200 is long enough.
  const request = { ...maskingSettings, ...officialSettings, ...found, masks: unilmMasks };
  return { contestant: { name: unilmName, command: [python, peerFiles.unilmMasks, JSON.stringify(request)] }, skipped };
}

/** Masks of a go of the official generator. */
export const unilmMasks = 200;

function findCheckout(unilm: string | undefined): { readonly unilm: string } | { readonly reason: string } {
  if (unilm === undefined) {
    return { reason: "no checkout named; to compare with it: --unilm PATH of a checkout of microsoft/unilm" };
  }
  const file = join(unilm, "beit", "masking_generator.py");
  return existsSync(file) ? { unilm } : { reason: `there is no ${file}` };
}
