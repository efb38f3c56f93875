// The operators of opset 17 that our graphs have, as plain loops over float64. (ONNX specification, Operators.md)
// Whole numbers and truth values are float64 here, too: all of ours are small.

export type Array64 = { readonly shape: readonly number[]; readonly data: Float64Array };
type Attributes = Readonly<Record<string, number | readonly number[]>>;
type Call = { readonly outputs: number; readonly attributes: Attributes };
type Operator = (inputs: readonly Array64[], call: Call) => readonly Array64[];

const elementwise =
  (compute: (...values: number[]) => number): Operator =>
  (inputs) => {
    const shape = inputs.map((input) => input.shape).reduce(broadcast);
    return [fill(shape, (at) => compute(...inputs.map((input) => input.data[offset(input.shape, at)])))];
  };

export const operators: Readonly<Record<string, Operator>> = {
  Add: elementwise((a, b) => a + b),
  Mul: elementwise((a, b) => a * b),
  Sub: elementwise((a, b) => a - b),
  Div: elementwise((a, b) => a / b),
  Equal: elementwise((a, b) => (a === b ? 1 : 0)),
  Cast: elementwise((x) => x),
  Relu: elementwise((x) => Math.max(x, 0)),
  Erf: elementwise(erf),
  Where: elementwise((condition, a, b) => (condition !== 0 ? a : b)),
  Expand: ([x, shape]) => [fill(broadcast(x.shape, [...shape.data]), (at) => x.data[offset(x.shape, at)])],
  Shape: ([x], { attributes }) => [list(x.shape.slice(integer(attributes, "start"), integer(attributes, "end")))],
  Reshape: ([x, shape]) => [{ shape: knownShape(x, [...shape.data]), data: x.data }],
  Squeeze: ([x]) => [{ shape: x.shape.filter((side) => side !== 1), data: x.data }],
  Range: ([start, end, step]) => {
    const length = Math.max(0, Math.ceil((end.data[0] - start.data[0]) / step.data[0]));
    return [list(Array.from({ length }, (_, i) => start.data[0] + i * step.data[0]))];
  },
  Unsqueeze: ([x, axes]) => [{ shape: x.shape.toSpliced(axes.data[0], 0, 1), data: x.data }],
  Transpose: ([x], { attributes }) => {
    const perm = integers(attributes, "perm");
    const from = new Array<number>(perm.length);
    const place = (at: readonly number[]) => {
      perm.forEach((axis, i) => (from[axis] = at[i]));
      return x.data[offset(x.shape, from)];
    };
    return [
      fill(
        perm.map((axis) => x.shape[axis]),
        place,
      ),
    ];
  },
  Concat: (inputs, { attributes }) => {
    const axis = integer(attributes, "axis");
    const starts = inputs.map((_, i) => inputs.slice(0, i).reduce((sum, { shape }) => sum + shape[axis], 0));
    const length = inputs.reduce((sum, { shape }) => sum + shape[axis], 0);
    return [
      fill(inputs[0].shape.with(axis, length), (at) => {
        const i = starts.findLastIndex((start) => start <= at[axis]);
        return inputs[i].data[offset(inputs[i].shape, at.with(axis, at[axis] - starts[i]))];
      }),
    ];
  },
  Split: ([x], { outputs, attributes }) => {
    const axis = integer(attributes, "axis");
    const length = x.shape[axis] / outputs;
    return Array.from({ length: outputs }, (_, i) =>
      fill(x.shape.with(axis, length), (at) => x.data[offset(x.shape, at.with(axis, i * length + at[axis]))]),
    );
  },
  Slice: ([x, starts, ends, axes]) => {
    const axis = axes?.data[0] ?? 0;
    const length = x.shape[axis];
    const [start, end] = [starts, ends].map(({ data: [at] }) => Math.min(length, at < 0 ? at + length : at));
    return [fill(x.shape.with(axis, end - start), (at) => x.data[offset(x.shape, at.with(axis, start + at[axis]))])];
  },
  Gather: ([x, index], { attributes }) => {
    const axis = integer(attributes, "axis");
    const rank = index.shape.length;
    return [
      fill(x.shape.toSpliced(axis, 1, ...index.shape), (at) => {
        const row = index.data[offset(index.shape, at.slice(axis, axis + rank))];
        return x.data[offset(x.shape, at.toSpliced(axis, rank, row))];
      }),
    ];
  },
  ReduceMin: ([x]) => [list([Math.min(...x.data)])],
  ReduceMean: ([x], { attributes }) => {
    const [axis] = integers(attributes, "axes");
    const length = x.shape[axis];
    return [
      fill(
        x.shape.toSpliced(axis, 1),
        (at) => sum(length, (i) => x.data[offset(x.shape, at.toSpliced(axis, 0, i))]) / length,
      ),
    ];
  },
  ArgMax: ([x], { attributes }) => {
    const axis = integer(attributes, "axis");
    return [
      fill(x.shape.toSpliced(axis, 1), (at) => {
        const row = Array.from({ length: x.shape[axis] }, (_, i) => x.data[offset(x.shape, at.toSpliced(axis, 0, i))]);
        return row.indexOf(Math.max(...row));
      }),
    ];
  },
  MatMul: ([a, b]) => {
    const inner = b.shape[b.shape.length - 2];
    const shape = [
      ...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)),
      ...a.shape.slice(-2, -1),
      ...b.shape.slice(-1),
    ];
    const product = (at: readonly number[]) =>
      sum(inner, (k) => a.data[offset(a.shape, at.with(-1, k))] * b.data[offset(b.shape, at.with(-2, k))]);
    return [fill(shape, product)];
  },
  Gemm: ([a, b, c], { attributes }) => {
    if (attributes.transB !== 1) throw new Error("[evaluate] expected Gemm with transB, got one without");
    const [, inner] = a.shape;
    const product = ([row, column]: readonly number[]) =>
      c.data[column] + sum(inner, (k) => a.data[row * inner + k] * b.data[column * inner + k]);
    return [fill([a.shape[0], b.shape[0]], product)];
  },
  Softmax: ([x]) => [
    rows(x, (row) => {
      const largest = Math.max(...row);
      const powers = row.map((value) => Math.exp(value - largest));
      const total = sum(row.length, (i) => powers[i]);
      return powers.map((power) => power / total);
    }),
  ],
  LayerNormalization: ([x, gamma, beta], { attributes }) => [
    rows(x, (row) => {
      const mean = sum(row.length, (i) => row[i]) / row.length;
      const variance = sum(row.length, (i) => (row[i] - mean) ** 2) / row.length;
      const deviation = Math.sqrt(variance + Number(attributes.epsilon));
      return row.map((value, i) => ((value - mean) / deviation) * gamma.data[i] + beta.data[i]);
    }),
  ],
  Conv: ([x, filter, bias], { attributes }) => {
    const [stride] = integers(attributes, "strides");
    const pad = attributes.pads === undefined ? 0 : integers(attributes, "pads")[0];
    const [outputs, channels, size] = filter.shape;
    const side = (length: number) => Math.floor((length + 2 * pad - size) / stride) + 1;
    const at = ([b, o, row, column]: readonly number[]) =>
      bias.data[o] +
      sum(channels * size * size, (tap) => {
        const [c, i, j] = [Math.floor(tap / size ** 2), Math.floor(tap / size) % size, tap % size];
        const [y, z] = [row * stride + i - pad, column * stride + j - pad];
        if (y < 0 || z < 0 || y >= x.shape[2] || z >= x.shape[3]) return 0;
        return x.data[offset(x.shape, [b, c, y, z])] * filter.data[o * channels * size ** 2 + tap];
      });
    return [fill([x.shape[0], outputs, side(x.shape[2]), side(x.shape[3])], at)];
  },
  MaxPool: ([x], { attributes }) => {
    const [size] = integers(attributes, "kernel_shape");
    const [stride] = integers(attributes, "strides");
    const [B, C, H, W] = x.shape;
    const at = ([b, c, row, column]: readonly number[]) =>
      Math.max(
        ...Array.from(
          { length: size * size },
          (_, k) => x.data[offset(x.shape, [b, c, row * stride + Math.floor(k / size), column * stride + (k % size)])],
        ),
      );
    return [fill([B, C, H / stride, W / stride], at)];
  },
};

function fill(shape: readonly number[], value: (at: readonly number[]) => number): Array64 {
  const data = new Float64Array(shape.reduce((size, side) => size * side, 1));
  const at = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = value(at);
    for (let axis = shape.length - 1; axis >= 0 && ++at[axis] === shape[axis]; axis--) at[axis] = 0;
  }
  return { shape, data };
}

// Where an element lies, its place given by as many axes as the array has, or more; axes of size 1 are repeated.
function offset(shape: readonly number[], at: readonly number[]): number {
  const skipped = at.length - shape.length;
  return shape.reduce((place, side, axis) => place * side + (side === 1 ? 0 : at[skipped + axis]), 0);
}

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [left, right] = [a, b].map((shape) => shape[axis - rank + shape.length] ?? 1);
    if (left !== right && left !== 1 && right !== 1) throw new Error(`[evaluate] cannot broadcast [${a}] and [${b}]`);
    return Math.max(left, right);
  });
}

function knownShape(x: Array64, shape: readonly number[]): number[] {
  const known = shape.reduce((size, side) => (side === -1 ? size : size * side), 1);
  const full = shape.map((side) => (side === -1 ? x.data.length / known : side));
  if (full.reduce((size, side) => size * side, 1) !== x.data.length || !full.every(Number.isInteger)) {
    throw new Error(`[evaluate] cannot reshape [${x.shape}] to [${shape}]`);
  }
  return full;
}

function rows(x: Array64, compute: (row: Float64Array) => Float64Array): Array64 {
  const width = x.shape[x.shape.length - 1];
  const data = new Float64Array(x.data.length);
  for (let at = 0; at < data.length; at += width) data.set(compute(x.data.subarray(at, at + width)), at);
  return { shape: x.shape, data };
}

function list(values: readonly number[]): Array64 {
  return { shape: [values.length], data: Float64Array.from(values) };
}

function sum(length: number, term: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < length; i++) total += term(i);
  return total;
}

function integers(attributes: Attributes, name: string): readonly number[] {
  const value = attributes[name];
  if (!Array.isArray(value)) throw new Error(`[evaluate] expected a list in attribute ${name}, got ${String(value)}`);
  return value as readonly number[];
}

function integer(attributes: Attributes, name: string): number {
  const value = attributes[name];
  if (typeof value !== "number")
    throw new Error(`[evaluate] expected a number in attribute ${name}, got ${String(value)}`);
  return value;
}

// 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x, by Simpson's rule.
function erf(x: number): number {
  const steps = 400;
  const width = Math.max(-6, Math.min(6, x)) / steps;
  const weight = (i: number) => (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2);
  return ((2 / Math.sqrt(Math.PI)) * width * sum(steps + 1, (i) => weight(i) * Math.exp(-((i * width) ** 2)))) / 3;
}
