// Index of the largest value along the last axis: visual tokens from logits, predicted classes.
import type { Tensor } from "../tensor.ts";
import { expect } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const argmaxOp = defineOp<{ x: Tensor }, "index">({
  name: "Argmax",
  shape({ x }) {
    expect("Argmax", (x.at(-1) ?? 0) >= 1, "x [..., V] with V >= 1", `[${x.join(", ")}]`);
    return { index: x.slice(0, -1) };
  },
  integer: ["index"],
  forward({ x }, { index }) {
    const width = x.length / index.length;
    for (let row = 0; row < index.length; row++) {
      index[row] = placeOfLargest(width, (i) => x[row * width + i]);
    }
  },
});

/**
 * Index of the largest value of the last axis, the lowest one on ties. NaN is larger than all else, as in torch.
 * [..., V] -> int32 [...]
 */
export function argmax(x: Tensor): Tensor {
  return apply(argmaxOp, { x }, {}).index;
}

/** @internal */
export function placeOfLargest(width: number, valueAt: (i: number) => number): number {
  let place = 0;
  let largest = -Infinity;
  for (let i = 0; i < width; i++) {
    const value = valueAt(i);
    if (Number.isNaN(value)) return i;
    if (value > largest) [place, largest] = [i, value];
  }
  return place;
}
