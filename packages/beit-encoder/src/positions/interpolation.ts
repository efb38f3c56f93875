// Resizing of learned maps, one axis at a time: each method is a matrix of weights [target][source], since all of them
// are linear in the values.

/** Weights of every source value in every target value. */
export type AxisWeights = readonly Float64Array[];

/** A map [rows, cols, channels] resized along both axes, in float64. */
export function resizeMap(
  values: ArrayLike<number>,
  channels: number,
  rowWeights: AxisWeights,
  colWeights: AxisWeights,
): Float64Array {
  const cols = colWeights[0].length;
  const between = new Float64Array(rowWeights.length * cols * channels);
  rowWeights.forEach((weights, row) => {
    for (let source = 0; source < weights.length; source++) {
      for (let i = 0; i < cols * channels; i++) {
        between[row * cols * channels + i] += weights[source] * values[source * cols * channels + i];
      }
    }
  });
  const result = new Float64Array(rowWeights.length * colWeights.length * channels);
  for (let row = 0; row < rowWeights.length; row++) {
    colWeights.forEach((weights, col) => {
      const at = (row * colWeights.length + col) * channels;
      for (let source = 0; source < cols; source++) {
        const from = (row * cols + source) * channels;
        for (let c = 0; c < channels; c++) result[at + c] += weights[source] * between[from + c];
      }
    });
  }
  return result;
}

/** Two-tap linear weights, pixel centers at halves, clamped at the border (PyTorch, align_corners false). */
export function bilinearWeights(source: number, target: number): AxisWeights {
  return tapWeights(
    source,
    target,
    [0, 1],
    (at) => Math.max(0, at),
    (t) => [1 - t, t],
  );
}

/**
 * Four-tap cubic weights with a = -0.75, pixel centers at halves, clamped at the border (PyTorch, no antialiasing).
 *
 * @param shift what the scale has beyond the target (PyTorch, `scale_factor` (target + shift) / source)
 */
export function bicubicWeights(source: number, target: number, shift = 0): AxisWeights {
  const near = (d: number) => (1.25 * d - 2.25) * d * d + 1;
  const far = (d: number) => ((-0.75 * d + 3.75) * d - 6) * d + 3;
  return tapWeights(
    source,
    target,
    [-1, 0, 1, 2],
    (at) => at,
    (t) => [far(1 + t), near(t), near(1 - t), far(2 - t)],
    shift,
  );
}

/**
 * Cubic weights with a = -0.5 whose support grows as the map shrinks; taps outside are left out and the others made to add
 * up to one (PyTorch's antialiased bicubic, which is Pillow's).
 */
export function antialiasedBicubicWeights(source: number, target: number): AxisWeights {
  const scale = source / target;
  const reach = Math.max(scale, 1);
  return Array.from({ length: target }, (_, i) => {
    const center = scale * (i + 0.5);
    const first = Math.max(0, Math.trunc(center - 2 * reach + 0.5));
    const end = Math.min(source, Math.trunc(center + 2 * reach + 0.5));
    const weights = new Float64Array(source);
    for (let at = first; at < end; at++) weights[at] = cubic((at - center + 0.5) / reach);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  });
}

function cubic(distance: number): number {
  const d = Math.abs(distance);
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
  return d < 2 ? -0.5 * (((d - 5) * d + 8) * d - 4) : 0;
}

function tapWeights(
  source: number,
  target: number,
  taps: readonly number[],
  limit: (at: number) => number,
  weigh: (fraction: number) => readonly number[],
  shift = 0,
): AxisWeights {
  return Array.from({ length: target }, (_, i) => {
    const at = limit(((i + 0.5) * source) / (target + shift) - 0.5);
    const first = Math.floor(at);
    const weights = new Float64Array(source);
    const tapped = weigh(at - first);
    taps.forEach((tap, t) => (weights[Math.min(source - 1, Math.max(0, first + tap))] += tapped[t]));
    return weights;
  });
}
