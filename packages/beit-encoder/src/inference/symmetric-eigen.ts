// Eigenvalues and eigenvectors of symmetric matrices, exact to rounding: reduced to three diagonals by reflections, these by implicit QL
// with shifts. (Golub and Van Loan, Matrix Computations, sections 8.3.1 and 8.3.3)

export type Eigen = {
  /** Descending. */
  readonly values: Float64Array;
  /** Of length 1, in the order of the values; their signs mean nothing. */
  readonly vectors: readonly Float64Array[];
};

/** The `count` largest eigenvalues of a symmetric matrix, [size, size] row by row, with their vectors. */
export function symmetricEigen(matrix: Float64Array, size: number, count = size): Eigen {
  const { diagonal, beside, reflections } = tridiagonal(Float64Array.from(matrix), size);
  const vectors = diagonalize(diagonal, beside);
  const order = Array.from(diagonal.keys())
    .sort((a, b) => diagonal[b] - diagonal[a] || a - b)
    .slice(0, count);
  for (const i of order) for (const one of [...reflections].reverse()) reflect(vectors[i], one);
  return { values: Float64Array.from(order, (i) => diagonal[i]), vectors: order.map((i) => vectors[i]) };
}

/** Along a unit vector that begins at place `from`. */
type Reflection = { readonly from: number; readonly along: Float64Array };

function tridiagonal(a: Float64Array, size: number) {
  const beside = new Float64Array(size);
  const reflections: Reflection[] = [];
  for (let k = 0; k < size - 1; k++) {
    const from = k + 1;
    const along = Float64Array.from({ length: size - from }, (_, i) => a[(from + i) * size + k]);
    const length = Math.sqrt(dot(along, along));
    beside[k] = along[0] > 0 ? -length : length;
    along[0] -= beside[k];
    const scale = Math.sqrt(dot(along, along));
    if (scale === 0) continue; // nothing but zeros below the diagonal
    for (let i = 0; i < along.length; i++) along[i] /= scale;
    reflections.push({ from, along });
    reflectBothSides(a, size, { from, along });
  }
  return { diagonal: Float64Array.from({ length: size }, (_, i) => a[i * size + i]), beside, reflections };
}

// The part of a matrix from row and column `from` on: H A H with H = 1 - 2 v v', as A - v w' - w v'.
function reflectBothSides(a: Float64Array, size: number, { from, along: v }: Reflection): void {
  const rowOf = (i: number) => a.subarray((from + i) * size + from, (from + i + 1) * size);
  const w = Float64Array.from(v, (_, i) => 2 * dot(rowOf(i), v));
  const middle = dot(w, v);
  for (let i = 0; i < v.length; i++) w[i] -= middle * v[i];
  for (let i = 0; i < v.length; i++) {
    const row = rowOf(i);
    for (let j = 0; j < v.length; j++) row[j] -= v[i] * w[j] + w[i] * v[j];
  }
}

function reflect(vector: Float64Array, { from, along }: Reflection): void {
  const part = vector.subarray(from);
  const twice = 2 * dot(part, along);
  for (let i = 0; i < along.length; i++) part[i] -= twice * along[i];
}

// Leaves the eigenvalues in `d`; gives their vectors. `e[i]` stands beside d[i] and d[i + 1].
function diagonalize(d: Float64Array, e: Float64Array): readonly Float64Array[] {
  const size = d.length;
  const vectors = Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: size }, (_, j) => Number(i === j)),
  );
  for (let first = 0; first < size; first++) {
    for (let last = lastOfBlock(d, e, first); last !== first; last = lastOfBlock(d, e, first))
      qlStep(d, e, vectors, { first, last });
  }
  return vectors;
}

// Where the block that begins at `first` ends: what stands beside the diagonal there is nothing next to it.
function lastOfBlock(d: Float64Array, e: Float64Array, first: number): number {
  let at = first;
  while (at < d.length - 1 && Math.abs(e[at]) > Number.EPSILON * (Math.abs(d[at]) + Math.abs(d[at + 1]))) at++;
  return at;
}

function qlStep(
  d: Float64Array,
  e: Float64Array,
  vectors: readonly Float64Array[],
  { first, last }: { readonly first: number; readonly last: number },
): void {
  const half = (d[first + 1] - d[first]) / (2 * e[first]);
  let g = d[last] - d[first] + e[first] / (half + Math.sign(half || 1) * Math.hypot(half, 1));
  let [sine, cosine, shift] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const f = sine * e[i];
    const b = cosine * e[i];
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      // It falls apart here.
      d[i + 1] -= shift;
      e[last] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = d[i + 1] - shift;
    const turned = (d[i] - g) * sine + 2 * cosine * b;
    shift = sine * turned;
    d[i + 1] = g + shift;
    g = cosine * turned - b;
    rotate(vectors[i], vectors[i + 1], sine, cosine);
  }
  d[first] -= shift;
  e[first] = g;
  e[last] = 0;
}

function rotate(lower: Float64Array, upper: Float64Array, sine: number, cosine: number): void {
  for (let k = 0; k < lower.length; k++) {
    const f = upper[k];
    upper[k] = sine * lower[k] + cosine * f;
    lower[k] = cosine * lower[k] - sine * f;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
