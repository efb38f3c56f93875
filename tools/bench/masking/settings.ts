// The masks that are drawn: BEiT's own grid and count in all variants, as one image of a training run needs them.
import type { BlockwiseOptions, UniformOptions } from "@beitjs/masking";

export const grid = { rows: 14, cols: 14 };

export const drawings = {
  official: { count: 75, variant: "official" },
  exact: { count: 75, variant: "exact" },
  paper: { variant: "paper" },
  uniform: { count: 75 },
} as const satisfies Record<string, BlockwiseOptions | UniformOptions>;

export type DrawingName = keyof typeof drawings;

/** `masks`: drawn in one go; the time is that of a go. */
export const maskingSettings = { seed: 1, masks: 2000, seconds: 1 };

export const implementations = ["wasm-bulk", "typescript"] as const;

export type MaskingRequest = typeof maskingSettings & { readonly implementation: (typeof implementations)[number] };

/** What the official generator is asked for: its own defaults on BEiT's command line. (run_beit_pretraining.py) */
export const officialSettings = { grid, count: 75, minBlock: 16 };

/** Mean of the masked patches of the official generator, and how far 2000 masks may be from it. (5000 draws of it) */
export const officialMean = { patches: 74.47, tolerance: 0.3 };

export type MaskingTimes = { readonly times: readonly number[]; readonly masked: number };

/** Milliseconds of every go, and the masked patches of the first, which all implementations must agree on. */
export type MaskingResult = Readonly<Record<DrawingName, MaskingTimes>>;

/** The official generator draws its own masks only. */
export type UnilmResult = Pick<MaskingResult, "official"> & { readonly versions: Readonly<Record<string, string>> };
