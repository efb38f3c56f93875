// L-BFGS: the minimum of a smooth function from its gradients alone. (Nocedal & Wright 2006, "Numerical Optimization", algorithms 7.4
// and 7.5; the line search is that of Lewis & Overton 2013, "Nonsmooth optimization via quasi-Newton methods", algorithm 2.6)

/** A function and its gradient at a point. */
export type Objective = (point: Float64Array) => Promise<{ readonly value: number; readonly gradient: Float64Array }>;

export type MinimizeOptions = {
  /** Ends where no component of the gradient is larger. */
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Relative size of what rounding does to values: a rise by less is none. Near a minimum slopes tell more than values do. */
  readonly rounding: number;
  /** About the inverse of the Hessian, times a vector; without one, a multiple of it. */
  readonly precondition?: ((vector: Float64Array) => Float64Array) | undefined;
};

export type Minimum = {
  readonly point: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** Whether the tolerance was reached. */
  readonly converged: boolean;
};

type Place = { readonly point: Float64Array; readonly value: number; readonly gradient: Float64Array };
type Pair = {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly scaled: Float64Array;
  readonly curvature: number;
};

const memory = 10;
const sufficientDecrease = 1e-4;
const curvatureShare = 0.9;
const mostTries = 25;

/** Minimizes a function from a point on. The same numbers in give the same numbers out. */
export async function minimize(
  objective: Objective,
  start: Float64Array,
  { tolerance, maxIterations, rounding, precondition }: MinimizeOptions,
): Promise<Minimum> {
  let place: Place = { point: start, ...(await objective(start)) };
  let pairs: Pair[] = [];
  let iterations = 0;
  for (; iterations < maxIterations && largest(place.gradient) > tolerance; iterations++) {
    const direction = newDirection(place.gradient, pairs, precondition);
    const isGradient = pairs.length === 0 && !precondition;
    const first = isGradient ? Math.min(1, 1 / Math.sqrt(dot(place.gradient, place.gradient))) : 1;
    const next = await searchLine(objective, place, { direction, first, rounding });
    if (!next) {
      // As far as rounding lets one see. Once more from the gradient itself, in case the pairs misled.
      if (pairs.length === 0) break;
      pairs = [];
      continue;
    }
    const s = difference(next.point, place.point);
    const y = difference(next.gradient, place.gradient);
    const curvature = dot(s, y);
    if (curvature > Number.EPSILON * dot(y, y))
      pairs = [...pairs.slice(1 - memory), { s, y, scaled: precondition?.(y) ?? y, curvature }];
    place = next;
  }
  const { point, value, gradient } = place;
  return { point, value, iterations, converged: largest(gradient) <= tolerance };
}

// A step that goes down enough, and far enough that the slope has flattened; undefined where none goes down.
async function searchLine(
  objective: Objective,
  { point, value, gradient }: Place,
  {
    direction,
    first,
    rounding,
  }: { readonly direction: Float64Array; readonly first: number; readonly rounding: number },
): Promise<Place | undefined> {
  const slope = dot(gradient, direction);
  const seen = rounding * Math.abs(value);
  let [low, high, step] = [0, Infinity, first];
  let best: Place | undefined;
  for (let tries = 0; tries < mostTries; tries++) {
    const at = point.map((x, i) => x + step * direction[i]);
    const there: Place = { point: at, ...(await objective(at)) };
    const slopeThere = dot(there.gradient, direction);
    const isDown = there.value <= value + sufficientDecrease * step * slope;
    // What cannot be told from the value by its own is near the bottom if it is not beyond.
    const isLevel = Math.abs(there.value - value) <= seen && slopeThere <= -curvatureShare * slope;
    if (!isDown && !isLevel) high = step;
    else {
      best = there;
      if (slopeThere >= curvatureShare * slope) return there;
      low = step;
    }
    step = high === Infinity ? 2 * step : (low + high) / 2;
  }
  return best;
}

// The two loops: minus the inverse Hessian that the pairs speak of, times the gradient.
function newDirection(
  gradient: Float64Array,
  pairs: readonly Pair[],
  precondition: MinimizeOptions["precondition"],
): Float64Array {
  let direction: Float64Array = gradient.map((g) => -g);
  const factors: number[] = [];
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { s, y, curvature } = pairs[i];
    factors[i] = dot(s, direction) / curvature;
    addScaled(direction, -factors[i], y);
  }
  if (precondition) direction = precondition(direction);
  const newest = pairs.at(-1);
  if (newest) {
    const scale = newest.curvature / dot(newest.y, newest.scaled);
    for (let i = 0; i < direction.length; i++) direction[i] *= scale;
  }
  pairs.forEach(({ s, y, curvature }, i) => addScaled(direction, factors[i] - dot(y, direction) / curvature, s));
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function addScaled(to: Float64Array, factor: number, values: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i] += factor * values[i];
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i]);
}

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) if (!(Math.abs(value) <= most)) most = Math.abs(value);
  return most;
}
