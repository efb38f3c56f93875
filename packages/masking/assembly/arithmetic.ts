// exp from + - * / alone, the same steps in the same order as src/arithmetic.ts, so that no bit can differ; of two numbers.

const ln2: f64 = 0.6931471805599453;

export function exponential(x: v128): v128 {
  const k = f64x2.floor(f64x2.add(f64x2.div(x, f64x2.splat(ln2)), f64x2.splat(0.5)));
  const r = f64x2.sub(x, f64x2.mul(k, f64x2.splat(ln2)));
  let sum = f64x2.splat(1.0 / 479001600.0);
  sum = step(sum, r, 1.0 / 39916800.0);
  sum = step(sum, r, 1.0 / 3628800.0);
  sum = step(sum, r, 1.0 / 362880.0);
  sum = step(sum, r, 1.0 / 40320.0);
  sum = step(sum, r, 1.0 / 5040.0);
  sum = step(sum, r, 1.0 / 720.0);
  sum = step(sum, r, 1.0 / 120.0);
  sum = step(sum, r, 1.0 / 24.0);
  sum = step(sum, r, 1.0 / 6.0);
  sum = step(sum, r, 1.0 / 2.0);
  sum = step(sum, r, 1.0);
  sum = step(sum, r, 1.0);
  return f64x2.mul(sum, powerOfTwo(k));
}

@inline function step(sum: v128, r: v128, coefficient: f64): v128 {
  return f64x2.add(f64x2.mul(sum, r), f64x2.splat(coefficient));
}

// A product with it is exact, as repeated doubling is: |k| is below 50, aspects end at 4096.
function powerOfTwo(k: v128): v128 {
  const exponent = i64x2.add(i64x2.extend_low_i32x4_s(i32x4.trunc_sat_f64x2_s_zero(k)), i64x2.splat(1023));
  return i64x2.shl(exponent, 52);
}
