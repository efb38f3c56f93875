// Pseudo-random values by formula, so that a test here and a script in another language fill tensors alike.

/** Uniform in [0, 1): a 32-bit hash of (tensor, element). */
export function hashUniform(tensor: number, element: number): number {
  let x = Math.imul(element + 1, 0x9e3779b1) ^ Math.imul(tensor + 1, 0x85ebca77);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}

/** The same, in [-1, 1). */
export function hashSigned(tensor: number, element: number): number {
  return 2 * hashUniform(tensor, element) - 1;
}
