// exp from + - * / alone, the same steps in the same order as src/arithmetic.ts, so that no bit can differ.

const ln2: f64 = 0.6931471805599453;

export function exponential(x: f64): f64 {
  const k = <i32>Math.floor(x / ln2 + 0.5);
  const r = x - <f64>k * ln2;
  let sum: f64 = 1.0 / 479001600.0;
  sum = sum * r + 1.0 / 39916800.0;
  sum = sum * r + 1.0 / 3628800.0;
  sum = sum * r + 1.0 / 362880.0;
  sum = sum * r + 1.0 / 40320.0;
  sum = sum * r + 1.0 / 5040.0;
  sum = sum * r + 1.0 / 720.0;
  sum = sum * r + 1.0 / 120.0;
  sum = sum * r + 1.0 / 24.0;
  sum = sum * r + 1.0 / 6.0;
  sum = sum * r + 1.0 / 2.0;
  sum = (sum * r + 1) * r + 1;
  for (let i = 0; i < k; i++) sum *= 2;
  for (let i = 0; i > k; i--) sum *= 0.5;
  return sum;
}
