// Queries, keys and values in one product with its bias, which keys have none of. One op, so that a backend knows what the result is
// for and may keep it in fewer bits.
import type { Tensor } from "../tensor.ts";
import { expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";
import { linear, linearOp } from "./linear.ts";
import { qkvBias, qkvBiasOp } from "./qkv-bias.ts";

type Inputs = { x: Tensor; weight: Tensor; query: Tensor; value: Tensor };

export const linearQkvOp = defineOp<Inputs, "y">({
  name: "LinearQkv",
  fused: true,
  shape({ x, weight, query, value }) {
    const { y: bias } = qkvBiasOp.shape({ query, value }, {});
    expectShape("LinearQkv", "weight", weight, [...bias, "K"]);
    return linearOp.shape({ x, weight, bias }, {});
  },
  saves: ["x", "weight"],
  forward({ x, weight, query, value }, { y }, _, shapes) {
    const bias = new Float64Array(3 * query.length);
    qkvBiasOp.forward({ query, value }, { y: bias }, {}, { ...shapes, y: [bias.length] });
    linearOp.forward({ x, weight, bias }, { y }, {}, { ...shapes, bias: [bias.length] });
  },
  backward({ dy, x, weight, y }, { dx, dweight, dquery, dvalue }, _, shapes) {
    const dbias = new Float64Array(3 * dquery.length);
    const bias = [dbias.length];
    linearOp.backward?.({ dy, x, weight, bias: dbias, y }, { dx, dweight, dbias }, {}, { ...shapes, bias });
    const saved = { dy: dbias, query: dbias, value: dbias, y: dbias };
    qkvBiasOp.backward?.(saved, { dquery, dvalue }, {}, { ...shapes, y: bias });
  },
});

/**
 * `linear(x, { weight, bias: qkvBias(queryBias, valueBias) })`. [..., K], [3D, K], [D], [D] -> [..., 3D]
 *
 * @throws as `linear` and `qkvBias`
 */
export function linearQkv(
  x: Tensor,
  params: { readonly weight: Tensor; readonly queryBias: Tensor; readonly valueBias: Tensor },
): Tensor {
  const { weight, queryBias: query, valueBias: value } = params;
  if (!x.backend.kernels.has(linearQkvOp.name)) return linear(x, { weight, bias: qkvBias(query, value) });
  return apply(linearQkvOp, { x, weight, query, value }, {}).y;
}
