// Resizing of relative position tables through offsets that grow geometrically: officially by cubic splines, in timm by lines.
// (BEiT, run_class_finetuning.py; the spline is FITPACK's interpolating one, which is not-a-knot along each axis;
// timm, layers/pos_embed_rel.py)
import type { AxisWeights } from "./interpolation.ts";

/**
 * Weights of the official resizing of offsets: the source offsets are spread as a geometric series 1, 1 + q, 1 + q + q²,
 * … that reaches the largest target offset, and a cubic spline runs through them. (run_class_finetuning.py)
 *
 * @param source offsets along the axis, odd
 * @param target offsets wanted, odd
 */
export function geometricCubicWeights(source: number, target: number): AxisWeights {
  if (source === target) return Array.from({ length: source }, (_, i) => unit(source, i));
  if (source < 5) {
    throw new Error(
      `[geometricCubicWeights] expected at least 5 offsets, got ${source}: tables of fewer than 3 patches along a side are too small for ` +
        `splines; choose another tableResizing (--table-resizing), geometric-linear or bilinear`,
    );
  }
  const { knots, targets } = geometricOffsets(source, target);
  return splineWeights(knots, targets);
}

/** The same offsets joined by lines, as timm does by default. (timm, layers/pos_embed_rel.py) */
export function geometricLinearWeights(source: number, target: number): AxisWeights {
  const { knots, targets } = geometricOffsets(source, target);
  return targets.map((target) => {
    const x = Math.min(knots[source - 1], Math.max(knots[0], target));
    const next = Math.max(
      1,
      knots.findIndex((knot) => knot >= x),
    );
    const weights = new Float64Array(source);
    const share = source === 1 ? 0 : (x - knots[next - 1]) / (knots[next] - knots[next - 1]);
    weights[next - 1] = 1 - share;
    if (source > 1) weights[next] = share;
    return weights;
  });
}

/** Source offsets spread until they reach the largest target offset, and the target offsets. */
function geometricOffsets(source: number, target: number): { readonly knots: number[]; readonly targets: number[] } {
  const half = Math.floor(source / 2);
  const reach = Math.floor(target / 2);
  const ratio = geometricRatio(half, reach);
  const offsets: number[] = [];
  for (let i = 0, offset = 0; i < half; i++) offsets.push((offset += ratio ** i));
  return {
    knots: [...offsets.map((offset) => -offset).reverse(), 0, ...offsets],
    targets: Array.from({ length: target }, (_, i) => i - reach),
  };
}

// The ratio is bisected as the original does, so that its rounding is the original's too.
function geometricRatio(terms: number, reach: number): number {
  let [left, right, middle] = [1.01, 1.5, 0];
  while (right - left > 1e-6) {
    middle = (left + right) / 2;
    const sum = (1 - middle ** terms) / (1 - middle);
    if (sum > reach) right = middle;
    else left = middle;
  }
  return middle;
}

/** Weights of the not-a-knot cubic spline through `knots` (four or more, ascending); targets outside are clamped. */
export function splineWeights(knots: readonly number[], targets: readonly number[]): AxisWeights {
  const last = knots.length - 1;
  const curvatures = splineCurvatures(knots);
  return targets.map((target) => {
    const x = Math.min(knots[last], Math.max(knots[0], target));
    const i = Math.min(
      last - 1,
      knots.findLastIndex((knot) => knot <= x),
    );
    const width = knots[i + 1] - knots[i];
    const a = (knots[i + 1] - x) / width;
    const b = (x - knots[i]) / width;
    const weights = new Float64Array(last + 1);
    weights[i] += a;
    weights[i + 1] += b;
    for (let source = 0; source <= last; source++) {
      const bend = (a ** 3 - a) * curvatures[i][source] + (b ** 3 - b) * curvatures[i + 1][source];
      weights[source] += (bend * width * width) / 6;
    }
    return weights;
  });
}

// Second derivatives at the knots as linear functions of the values: the solution of the spline's equations for every
// unit vector at once. Not-a-knot: the third derivative is continuous at the second and the last but one knot.
function splineCurvatures(knots: readonly number[]): Float64Array[] {
  const count = knots.length;
  const steps = knots.slice(1).map((knot, i) => knot - knots[i]);
  const equations = Array.from({ length: count }, () => new Float64Array(2 * count));
  equations[0].set([steps[1], -steps[0] - steps[1], steps[0]]);
  equations[count - 1].set([steps[count - 2], -steps[count - 2] - steps[count - 3], steps[count - 3]], count - 3);
  for (let i = 1; i < count - 1; i++) {
    const [before, after] = [steps[i - 1], steps[i]];
    equations[i].set([before, 2 * (before + after), after], i - 1);
    equations[i].set([6 / before, -6 / before - 6 / after, 6 / after], count + i - 1);
  }
  return solve(equations);
}

// Gauss-Jordan elimination with row pivoting of [A | B]; returns the rows of A⁻¹B.
function solve(rows: Float64Array[]): Float64Array[] {
  const count = rows.length;
  for (let column = 0; column < count; column++) {
    let pivot = column;
    for (let row = column + 1; row < count; row++) {
      if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    const divisor = rows[column][column];
    for (let i = column; i < 2 * count; i++) rows[column][i] /= divisor;
    for (let row = 0; row < count; row++) {
      const factor = rows[row][column];
      if (row === column || factor === 0) continue;
      for (let i = column; i < 2 * count; i++) rows[row][i] -= factor * rows[column][i];
    }
  }
  return rows.map((row) => row.slice(count));
}

function unit(length: number, at: number): Float64Array {
  const values = new Float64Array(length);
  values[at] = 1;
  return values;
}
