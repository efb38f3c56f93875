// Initial values of parameters, drawn from an rng on the host: the same on every backend.
import type { Rng } from "../random.ts";
import { sizeOf, type Shape } from "../tensor.ts";
import { normalQuantile, probabilityBelow } from "./normal-quantile.ts";

/** Draws the values of one parameter, in row-major order. */
export type Initializer = (rng: Rng, shape: Shape) => Float32Array;

/** The same value everywhere. */
export function constant(shape: Shape, value: number): Float32Array {
  return new Float32Array(sizeOf(shape)).fill(value);
}

/** Uniform values in [low, high). */
export function uniform(
  rng: Rng,
  shape: Shape,
  { low, high }: { readonly low: number; readonly high: number },
): Float32Array {
  return fill(shape, () => low + (high - low) * rng.uniform());
}

/** Normal values. */
export function normal(
  rng: Rng,
  shape: Shape,
  { mean = 0, std = 1 }: { readonly mean?: number; readonly std?: number } = {},
): Float32Array {
  return fill(shape, () => mean + std * rng.normal());
}

/**
 * Normal values within `cut` standard deviations of zero. `std` is that of the normal before the cut: with a cut of 1 the
 * values spread 0.5396 times as far.
 */
export function truncatedNormal(
  rng: Rng,
  shape: Shape,
  { std, cut }: { readonly std: number; readonly cut: number },
): Float32Array {
  if (!(cut > 0)) throw new RangeError(`[truncatedNormal] expected a cut above 0, got ${cut}`);
  // One word a value: big models have a hundred million. Rounding may not carry a value over the cut.
  const tail = probabilityBelow(-cut);
  const bound = std * cut;
  return fill(shape, () => {
    const value = std * normalQuantile(tail + (1 - 2 * tail) * (rng.uniform() + 2 ** -33));
    return Math.min(bound, Math.max(-bound, value));
  });
}

/** Normal values of variance 1 / fan-in, the fan-in being all axes but the first. DALL-E's convolutions start so. */
export function fanInNormal(rng: Rng, shape: Shape): Float32Array {
  return normal(rng, shape, { std: 1 / Math.sqrt(fanIn(shape)) });
}

/** Uniform values within 1 / sqrt(fan-in), the fan-in being all axes but the first: PyTorch's default. */
export function fanInUniform(rng: Rng, shape: Shape): Float32Array {
  const bound = 1 / Math.sqrt(fanIn(shape));
  return uniform(rng, shape, { low: -bound, high: bound });
}

function fanIn(shape: Shape): number {
  return sizeOf(shape.slice(1));
}

function fill(shape: Shape, draw: () => number): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return values;
}
