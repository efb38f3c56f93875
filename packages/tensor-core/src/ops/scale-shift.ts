// Affine map with clamping: y = min(max(x * scale + shift, low), high). The pixel mapping of the dVAE, both ways.
import type { Tensor } from "../tensor.ts";
import { expect } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

type ScaleShiftAttributes = {
  readonly scale: number;
  readonly shift: number;
  readonly min: number;
  readonly max: number;
};

export const scaleShiftOp = defineOp<{ x: Tensor }, "y", ScaleShiftAttributes>({
  name: "ScaleShift",
  shape({ x }, { scale, shift, min, max }) {
    const finite = Number.isFinite(scale) && Number.isFinite(shift);
    expect("ScaleShift", finite, "a finite scale and shift", `${scale} and ${shift}`);
    expect("ScaleShift", min <= max, "min <= max", `min ${min}, max ${max}`);
    return { y: x };
  },
  saves: ["x"],
  forward({ x }, { y }, { scale, shift, min, max }) {
    for (let i = 0; i < y.length; i++) y[i] = Math.min(Math.max(x[i] * scale + shift, min), max);
  },
  backward({ dy, x }, { dx }, { scale, shift, min, max }) {
    for (let i = 0; i < dx.length; i++) {
      const mapped = x[i] * scale + shift;
      dx[i] = mapped < min || mapped > max ? 0 : dy[i] * scale;
    }
  },
});

/** x * scale + shift, then clamped to [min, max] where these are given. No gradient passes where a value was clamped. */
export function scaleShift(
  x: Tensor,
  {
    scale = 1,
    shift = 0,
    min = -Infinity,
    max = Infinity,
  }: { readonly scale?: number; readonly shift?: number; readonly min?: number; readonly max?: number } = {},
): Tensor {
  return apply(scaleShiftOp, { x }, { scale, shift, min, max }).y;
}
