// Filter weights of Pillow's resize (libImaging/Resample.c): the filter is stretched by the reduction factor, so
// shrinking averages over all source pixels (antialiasing); weights sum to 1 and are held with 22 bits of fraction for bytes.

/**
 * Resampling filters: the pixel under the center, triangle (support 1), cubic with a = -0.5 (support 2), Lanczos with three lobes
 * (support 3).
 */
export type ResizeFilter = "nearest" | "bilinear" | "bicubic" | "lanczos";

/** Bits of fraction in a fixed-point weight: 32 less 8 for the pixel less 2 for the sign and overshoot. */
export const WEIGHT_BITS = 22;

/** For output position i: source pixels `first[i] .. first[i] + count[i] - 1`, weights from `weights[i * stride]` on. */
export type ResampleWeights = {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
  /** The same as they are before they are rounded: for samples of 16 bits. */
  readonly exact: Float64Array;
  readonly stride: number;
};

const filters: Readonly<Record<Exclude<ResizeFilter, "nearest">, { support: number; weight: (x: number) => number }>> =
  {
    bilinear: { support: 1, weight: triangle },
    bicubic: { support: 2, weight: cubic },
    lanczos: { support: 3, weight: lanczos },
  };

/** Whether `name` is one of the filters. */
export function isResizeFilter(name: string): name is ResizeFilter {
  return name === "nearest" || Object.hasOwn(filters, name);
}

// A folder has few sizes of images; random crops have many.
const kept = 64;
const cache = new Map<string, ResampleWeights>();

/** `resampleWeights`, kept for the sizes asked for last. Shared: not to be written to. */
export function cachedWeights(...address: Parameters<typeof resampleWeights>): ResampleWeights {
  const key = address.join(" ");
  const weights = cache.get(key) ?? resampleWeights(...address);
  cache.delete(key);
  cache.set(key, weights);
  for (const oldest of cache.keys()) {
    if (cache.size <= kept) break;
    cache.delete(oldest);
  }
  return weights;
}

/** Weights that map the source interval [start, end) of `inSize` pixels onto `outSize` pixels. */
export function resampleWeights(
  inSize: number,
  start: number,
  end: number,
  outSize: number,
  filter: ResizeFilter,
): ResampleWeights {
  if (filter === "nearest") return nearestPixels(inSize, start, end, outSize);
  const { support, weight } = filters[filter];
  const scale = Math.fround(end - start) / outSize; // Pillow holds the box as float32
  const stretch = Math.max(scale, 1);
  const reach = support * stretch;
  const stride = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(outSize);
  const count = new Int32Array(outSize);
  const weights = new Int32Array(outSize * stride);
  const exact = new Float64Array(outSize * stride);
  const row = new Float64Array(stride);
  for (let i = 0; i < outSize; i++) {
    const center = start + (i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(center - reach + 0.5));
    const high = Math.min(inSize, Math.trunc(center + reach + 0.5));
    let total = 0;
    for (let x = low; x < high; x++) total += row[x - low] = weight((x - center + 0.5) * (1 / stretch));
    for (let k = 0, at = i * stride; k < high - low; k++, at++) {
      exact[at] = total === 0 ? row[k] : row[k] / total;
      weights[at] = toFixedPoint(exact[at]);
    }
    first[i] = low;
    count[i] = high - low;
  }
  return { first, count, weights, exact, stride };
}

// Centers are reached by steps, as in Pillow's ImagingScaleAffine (libImaging/Geometry.c): a product rounds another way.
function nearestPixels(inSize: number, start: number, end: number, outSize: number): ResampleWeights {
  const step = Math.fround(end - start) / outSize;
  const first = new Int32Array(outSize);
  for (let i = 0, center = start + step * 0.5; i < outSize; i++, center += step) {
    first[i] = Math.min(inSize - 1, Math.trunc(center));
  }
  const ones = new Int32Array(outSize);
  const weights = new Int32Array(outSize).fill(1 << WEIGHT_BITS);
  return { first, count: ones.fill(1), weights, exact: new Float64Array(outSize).fill(1), stride: 1 };
}

// Rounds halves away from zero, as C's truncating cast after adding or subtracting a half does.
function toFixedPoint(value: number): number {
  return Math.trunc(value * (1 << WEIGHT_BITS) + (value < 0 ? -0.5 : 0.5));
}

function triangle(x: number): number {
  return Math.max(0, 1 - Math.abs(x));
}

// The terms are grouped as in Resample.c: another grouping may differ in the last bit.
function cubic(x: number): number {
  const a = -0.5;
  const t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
}

function lanczos(x: number): number {
  return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

function sinc(x: number): number {
  if (x === 0) return 1;
  const angle = x * Math.PI;
  return Math.sin(angle) / angle;
}
