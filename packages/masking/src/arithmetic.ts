// Exponential and logarithm from + - * / alone. The last bit of Math.exp differs between engines and from WebAssembly
// libraries, and one bit can flip a rounded block side; these steps, repeated in assembly/arithmetic.ts, cannot differ.

const ln2 = 0.6931471805599453;

/** exp(x) for |x| below 30, within 1e-14 of the true value: x = k ln 2 + r, a Taylor sum in r, then k doublings. */
export function exponential(x: number): number {
  const k = Math.floor(x / ln2 + 0.5);
  const r = x - k * ln2;
  let sum = 1 / 479001600;
  sum = sum * r + 1 / 39916800;
  sum = sum * r + 1 / 3628800;
  sum = sum * r + 1 / 362880;
  sum = sum * r + 1 / 40320;
  sum = sum * r + 1 / 5040;
  sum = sum * r + 1 / 720;
  sum = sum * r + 1 / 120;
  sum = sum * r + 1 / 24;
  sum = sum * r + 1 / 6;
  sum = sum * r + 1 / 2;
  sum = (sum * r + 1) * r + 1;
  for (let i = 0; i < k; i++) sum *= 2;
  for (let i = 0; i > k; i--) sum *= 0.5;
  return sum;
}

/** Natural logarithm of a positive number, within 1e-14 relative: halvings to [0.7, 1.5), then the series of atanh. */
export function logarithm(x: number): number {
  let k = 0;
  for (; x >= 1.5; x /= 2) k++;
  for (; x < 0.75; x *= 2) k--;
  const s = (x - 1) / (x + 1);
  let sum = 0;
  for (let i = 25; i >= 1; i -= 2) sum = sum * s * s + 1 / i;
  return k * ln2 + 2 * s * sum;
}

/** Nearest integer of a number in [0, 2^51], ties to the even one as in Python: 2^52 leaves no room for a fraction. */
export function roundToEven(x: number): number {
  return x + 2 ** 52 - 2 ** 52;
}
