// The bias of a joint query-key-value projection whose keys have none: a bias on keys adds the same number to all scores
// of a query and cancels in the softmax. (as in the official BEiT code, modeling_finetune.py)
import type { Tensor } from "../tensor.ts";
import { expectRank, expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const qkvBiasOp = defineOp<{ query: Tensor; value: Tensor }, "y">({
  name: "QkvBias",
  shape({ query, value }) {
    expectRank("QkvBias", "query", query, 1, "D");
    expectShape("QkvBias", "value", value, query);
    return { y: [3 * query[0]] };
  },
  forward({ query, value }, { y }) {
    y.set(query, 0);
    y.set(value, 2 * query.length);
  },
  backward({ dy }, { dquery, dvalue }) {
    const width = dquery.length;
    for (let i = 0; i < width; i++) {
      dquery[i] = dy[i];
      dvalue[i] = dy[2 * width + i];
    }
  },
});

/** Query bias, zeros for the keys, value bias. [D], [D] -> [3D] */
export function qkvBias(query: Tensor, value: Tensor): Tensor {
  return apply(qkvBiasOp, { query, value }, {}).y;
}
