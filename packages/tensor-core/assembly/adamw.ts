// AdamW over chunks [begin, end) of a list of parameters. A chunk is eight words of the table (kernels/adamw.ts):
// addresses of parameter, gradient, both moments; length; 1 - rate * decay; rate / (1 - beta1^step); one unused.
import { at } from "./lanes";
import { loadTail, storeTail } from "./tail";

/** `rest` = 1 - beta, rounded by the host; `unbias` = 1 / sqrt(1 - beta2^step). Gradients are clipped where `norm` is given. Nothing is clamped: NaN stays NaN. */
export function adamWForward(
  table: usize, norm: usize, maxNorm: f32, beta1: f32, rest1: f32, beta2: f32, rest2: f32, unbias: f32, epsilon: f32,
  begin: i32, end: i32, thread: i32,
): void {
  const clip: f32 = norm ? min<f32>(1, maxNorm / (load<f32>(norm) + 1e-6)) : 1;
  for (let chunk = begin; chunk < end; chunk++) {
    updateChunk(table + ((<usize>chunk) << 5), clip, beta1, rest1, beta2, rest2, unbias, epsilon);
  }
}

function updateChunk(
  entry: usize, clip: f32, beta1: f32, rest1: f32, beta2: f32, rest2: f32, unbias: f32, epsilon: f32,
): void {
  const parameter = <usize>load<u32>(entry);
  const gradient = <usize>load<u32>(entry, 4);
  const first = <usize>load<u32>(entry, 8);
  const second = <usize>load<u32>(entry, 12);
  const length = load<i32>(entry, 16);
  const keep = v128.load32_splat(entry, 20);
  const rate = v128.load32_splat(entry, 24);
  const clips = f32x4.splat(clip);
  const unbiases = f32x4.splat(unbias);
  const epsilons = f32x4.splat(epsilon);
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const g = f32x4.mul(v128.load(at(gradient, i)), clips);
    const m = moment4(v128.load(at(first, i)), g, beta1, rest1);
    const v = moment4(v128.load(at(second, i)), f32x4.mul(g, g), beta2, rest2);
    v128.store(at(first, i), m);
    v128.store(at(second, i), v);
    v128.store(at(parameter, i), moved4(v128.load(at(parameter, i)), m, v, keep, rate, unbiases, epsilons));
  }
  if (i == length) return;
  const count = length - i;
  const g = f32x4.mul(loadTail(at(gradient, i), count, 0), clips);
  const m = moment4(loadTail(at(first, i), count, 0), g, beta1, rest1);
  const v = moment4(loadTail(at(second, i), count, 0), f32x4.mul(g, g), beta2, rest2);
  storeTail(at(first, i), m, count);
  storeTail(at(second, i), v, count);
  storeTail(at(parameter, i), moved4(loadTail(at(parameter, i), count, 0), m, v, keep, rate, unbiases, epsilons), count);
}

// @ts-ignore: decorator
@inline function moment4(moment: v128, value: v128, beta: f32, rest: f32): v128 {
  return f32x4.add(f32x4.mul(moment, f32x4.splat(beta)), f32x4.mul(value, f32x4.splat(rest)));
}

// @ts-ignore: decorator
@inline function moved4(p: v128, m: v128, v: v128, keep: v128, rate: v128, unbias: v128, epsilon: v128): v128 {
  const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(v), unbias), epsilon);
  return f32x4.sub(f32x4.mul(p, keep), f32x4.div(f32x4.mul(rate, m), denominator));
}
