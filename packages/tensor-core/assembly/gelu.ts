// GELU of elements [begin, end). With z = |x| and P the normal distribution function, P(-z) = exp(-z^2/2) g(z), where g
// is a polynomial in w = p z / (1 + p z), fitted here: the error function it implies, 1 - 2 P(-z), is off by at most 1.1e-7.
import { at, exp4, multiplyAdd } from "./lanes";
import { loadUpTo, storeUpTo } from "./tail";

export function geluForward(x: usize, y: usize, begin: i32, end: i32, thread: i32): void {
  let i = begin;
  // Two at a time: V8 makes every constant anew in each turn of the loop.
  for (; i + 8 <= end; i += 8) {
    const low = gelu4(v128.load(at(x, i)));
    const high = gelu4(v128.load(at(x, i), 16));
    v128.store(at(y, i), low);
    v128.store(at(y, i), high, 16);
  }
  for (; i < end; i += 4) storeUpTo(at(y, i), gelu4(loadUpTo(at(x, i), end - i, 0)), end - i);
}

export function geluBackward(dy: usize, x: usize, dx: usize, begin: i32, end: i32, thread: i32): void {
  let i = begin;
  for (; i + 8 <= end; i += 8) {
    const low = geluGradient4(v128.load(at(dy, i)), v128.load(at(x, i)));
    const high = geluGradient4(v128.load(at(dy, i), 16), v128.load(at(x, i), 16));
    v128.store(at(dx, i), low);
    v128.store(at(dx, i), high, 16);
  }
  for (; i < end; i += 4) {
    const gradient = geluGradient4(loadUpTo(at(dy, i), end - i, 0), loadUpTo(at(x, i), end - i, 0));
    storeUpTo(at(dx, i), gradient, end - i);
  }
}

// @ts-ignore: decorator
@inline function gelu4(x: v128): v128 {
  return f32x4.mul(x, normalCdf4(x, exp4(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)))));
}

// dy (P(x) + x exp(-x^2/2) / sqrt(2 pi))
// @ts-ignore: decorator
@inline function geluGradient4(dy: v128, x: v128): v128 {
  const bell = exp4(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)));
  const slope = f32x4.mul(f32x4.mul(x, bell), f32x4.splat(0.3989422804));
  return f32x4.mul(dy, f32x4.add(normalCdf4(x, bell), slope));
}

// P(x), given bell = exp(-x^2/2).
// @ts-ignore: decorator
@inline function normalCdf4(x: v128, bell: v128): v128 {
  const q = f32x4.mul(f32x4.abs(x), f32x4.splat(0.37));
  const w = f32x4.div(q, f32x4.add(q, f32x4.splat(1)));
  let g = multiplyAdd(f32x4.splat(0.05598697278), w, f32x4.splat(-0.03389461776));
  g = multiplyAdd(g, w, f32x4.splat(-0.1379836561));
  g = multiplyAdd(g, w, f32x4.splat(-0.05161416068));
  g = multiplyAdd(g, w, f32x4.splat(0.7479489016));
  g = multiplyAdd(g, w, f32x4.splat(-1.078222775));
  g = multiplyAdd(g, w, f32x4.splat(0.5));
  const tail = f32x4.mul(g, bell);
  return v128.bitselect(tail, f32x4.sub(f32x4.splat(1), tail), f32x4.lt(x, f32x4.splat(0)));
}
