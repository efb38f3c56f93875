// Directions in which vectors differ most, for pictures of features. Exact, with signs that do not depend on chance.
import { symmetricEigen } from "./symmetric-eigen.ts";

export type PrincipalComponents = {
  /** [width] */
  readonly mean: Float64Array;
  /** Unit vectors [width] by what they explain, the most first; the largest entry of each is positive. */
  readonly components: readonly Float64Array[];
  /** Share of all variance that each explains. */
  readonly shares: readonly number[];
  /** Of every vector along every component, [vectors, components]. */
  readonly scores: Float64Array;
};

/**
 * The first `count` principal components of vectors, [vectors * width]. Those beyond what the vectors span explain nothing.
 *
 * @throws RangeError for a width that does not divide the values, or more components than dimensions
 */
export function principalComponents(
  values: ArrayLike<number>,
  { width, count }: { readonly width: number; readonly count: number },
): PrincipalComponents {
  const vectors = values.length / width;
  if (!Number.isInteger(vectors) || vectors < 1)
    throw new RangeError(`[principalComponents] expected vectors of ${width} values, got ${values.length} values`);
  if (!Number.isInteger(count) || count < 1 || count > width)
    throw new RangeError(`[principalComponents] expected 1 to ${width} components, got ${count}`);
  const mean = new Float64Array(width);
  for (let i = 0; i < values.length; i++) mean[i % width] += values[i] / vectors;
  const centered = Float64Array.from({ length: values.length }, (_, i) => values[i] - mean[i % width]);
  const spread = scatter(centered, width);
  let total = 0;
  for (let i = 0; i < width; i++) total += spread[i * width + i];
  const { values: variances, vectors: found } = symmetricEigen(spread, width, count);
  const components = found.map(withSign);
  const scores = Float64Array.from({ length: vectors * count }, (_, i) => {
    const start = Math.floor(i / count) * width;
    return components[i % count].reduce((sum, value, at) => sum + value * centered[start + at], 0);
  });
  const shares = Array.from(variances, (variance) => (total > 0 ? Math.max(0, variance) / total : 0));
  return { mean, components, shares, scores };
}

// Sums of products of the values, [width, width].
function scatter(centered: Float64Array, width: number): Float64Array {
  const out = new Float64Array(width * width);
  for (let start = 0; start < centered.length; start += width) {
    const vector = centered.subarray(start, start + width);
    for (let i = 0; i < width; i++) {
      const factor = vector[i];
      for (let j = 0; j <= i; j++) out[i * width + j] += factor * vector[j];
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) out[j * width + i] = out[i * width + j];
  return out;
}

function withSign(vector: Float64Array): Float64Array {
  const largest = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return largest < 0 ? vector.map((value) => -value) : vector;
}
