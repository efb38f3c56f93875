// Relative position bias: a learned table, looked up for every pair of tokens. y[h][q][k] = table[index[q][k]][h].
// (BEiT, Bao et al. 2021, section 2.2, after Raffel et al. 2020)
import type { Tensor } from "../tensor.ts";
import { expectRank, expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const relativePositionBiasOp = defineOp<{ table: Tensor; index: Tensor }, "y">({
  name: "RelativePositionBias",
  integer: ["index"],
  shape({ table, index }) {
    expectRank("RelativePositionBias", "table", table, 2, "R, H");
    expectShape("RelativePositionBias", "index", index, [index[0] ?? "N", index[0] ?? "N"]);
    return { y: [table[1], ...index] };
  },
  saves: ["index"],
  forward({ table, index }, { y }, _, shapes) {
    const heads = shapes.table[1];
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < index.length; i++) y[h * index.length + i] = table[index[i] * heads + h];
    }
  },
  backward({ dy, index }, { dtable }, _, shapes) {
    const heads = shapes.table[1];
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < index.length; i++) dtable[index[i] * heads + h] += dy[h * index.length + i];
    }
  },
});

/**
 * Bias of every head, query and key from a table of relative positions. [R, H], int32 [N, N] -> [H, N, N]
 *
 * @param index rows of the table, each in [0, R); checked by whoever makes it, since ops do not read devices
 */
export function relativePositionBias(table: Tensor, index: Tensor): Tensor {
  return apply(relativePositionBiasOp, { table, index }, {}).y;
}
