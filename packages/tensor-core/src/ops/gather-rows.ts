// Picks rows of a matrix: y[m] = x[index[m]]. A row picked twice receives both gradients. Pre-training looks only at the
// outputs of masked patches (BEiT, equation 1).
import type { Tensor } from "../tensor.ts";
import { expectRank } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const gatherRowsOp = defineOp<{ x: Tensor; index: Tensor }, "y">({
  name: "GatherRows",
  integer: ["index"],
  shape({ x, index }) {
    expectRank("GatherRows", "x", x, 2, "R, D");
    expectRank("GatherRows", "index", index, 1, "M");
    return { y: [index[0], x[1]] };
  },
  saves: ["index"],
  forward({ x, index }, { y }, _, shapes) {
    const width = shapes.x[1];
    for (let m = 0; m < index.length; m++) y.set(x.subarray(index[m] * width, (index[m] + 1) * width), m * width);
  },
  backward({ dy, index }, { dx }, _, shapes) {
    const width = shapes.x[1];
    for (let m = 0; m < index.length; m++) {
      for (let i = 0; i < width; i++) dx[index[m] * width + i] += dy[m * width + i];
    }
  },
});

/**
 * Rows of a matrix by their numbers. [R, D], int32 [M] -> [M, D]
 *
 * @param index numbers in [0, R); checked by whoever makes them, since ops do not read devices
 */
export function gatherRows(x: Tensor, index: Tensor): Tensor {
  return apply(gatherRowsOp, { x, index }, {}).y;
}
