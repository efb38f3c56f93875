// Lookup of rows of a table by id: the codebook of the dVAE.
import type { Tensor } from "../tensor.ts";
import { expectRank } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const embeddingOp = defineOp<{ table: Tensor; ids: Tensor }, "y">({
  name: "Embedding",
  shape({ table, ids }) {
    expectRank("Embedding", "table", table, 2, "V, D");
    return { y: [...ids, table[1]] };
  },
  integer: ["ids"],
  saves: ["ids"],
  // An id outside the table reads NaN and receives no gradient: reading the ids back to check them would stall a device.
  forward({ table, ids }, { y }, _, { table: [rows, width] }) {
    for (let i = 0; i < y.length; i++) {
      const id = ids[Math.floor(i / width)];
      y[i] = id >= 0 && id < rows ? table[id * width + (i % width)] : NaN;
    }
  },
  backward({ dy, ids }, { dtable }, _, { table: [rows, width] }) {
    for (let i = 0; i < dy.length; i++) {
      const id = ids[Math.floor(i / width)];
      if (id >= 0 && id < rows) dtable[id * width + (i % width)] += dy[i];
    }
  },
});

/** Rows of `table` at `ids`. [V, D], int32 [...] -> [..., D]. An id outside [0, V) gives a row of NaN. */
export function embedding(table: Tensor, ids: Tensor): Tensor {
  return apply(embeddingOp, { table, ids }, {}).y;
}
