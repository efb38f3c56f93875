// Which sizes are swept: one image at every size, and every batch at the network's own size.
import type { NetworkName } from "../inference/settings.ts";
import type { SimdVariant } from "../simd-builds.ts";

export type SweepPoint = { readonly batch: number; readonly imageSize: number };

const batches = [1, 2, 4, 8];

export const sweepPoints: Readonly<Record<NetworkName, readonly SweepPoint[]>> = {
  tokenizer: points(112, [56, 80, 112, 136, 160]),
  encoder: points(224, [112, 160, 224, 272, 320]),
};

export type SweepRequest = SimdVariant & {
  readonly network: NetworkName;
  readonly weights: string;
  readonly points: readonly SweepPoint[];
  /** Timed calls of a point, after one that is not. */
  readonly calls: number;
};

/** Milliseconds of the calls of every point. */
export type SweepResult = readonly { readonly point: SweepPoint; readonly times: readonly number[] }[];

// The own size is in both sweeps and measured once.
function points(own: number, sizes: readonly number[]): readonly SweepPoint[] {
  const bySize = sizes.filter((size) => size !== own).map((imageSize) => ({ batch: 1, imageSize }));
  return [...batches.map((batch) => ({ batch, imageSize: own })), ...bySize];
}
