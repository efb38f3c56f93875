// Gaussian error linear unit, the exact form: y = x/2 (1 + erf(x / sqrt 2)).  (Hendrycks and Gimpel 2016; BEiT section 2.2 uses it)
import type { Tensor } from "../tensor.ts";
import { apply, defineOp } from "./define-op.ts";

export const geluOp = defineOp<{ x: Tensor }, "y">({
  name: "Gelu",
  shape: ({ x }) => ({ y: x }),
  saves: ["x"],
  forward({ x }, { y }) {
    for (let i = 0; i < x.length; i++) y[i] = x[i] * normalCdf(x[i]);
  },
  backward({ dy, x }, { dx }) {
    for (let i = 0; i < x.length; i++) {
      const density = Math.exp(-0.5 * x[i] * x[i]) / Math.sqrt(2 * Math.PI);
      dx[i] = dy[i] * (normalCdf(x[i]) + x[i] * density);
    }
  },
});

/** GELU with the exact error function (not the tanh form), element by element. */
export function gelu(x: Tensor): Tensor {
  return apply(geluOp, { x }, {}).y;
}

function normalCdf(x: number): number {
  return 0.5 * (1 + erf(x * Math.SQRT1_2));
}

// erf(x) = 2/sqrt(pi) exp(-x^2) (x + x^3 2/3 + x^5 4/15 + ...): all terms have one sign, so nothing cancels. Beyond 6
// the result rounds to 1.
function erf(x: number): number {
  if (Math.abs(x) > 6 || Number.isNaN(x)) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
