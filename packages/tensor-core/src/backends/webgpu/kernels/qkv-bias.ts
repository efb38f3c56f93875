import { qkvBiasOp } from "../../../ops/qkv-bias.ts";
import { implement } from "../context.ts";

export const qkvBiasKernels = implement(qkvBiasOp, {
  forward(gpu, { query, value }, { y }) {
    const dispatch = { reads: [query, value], writes: [y], sizes: [query.size] };
    gpu.elements({ shader: "qkv-bias", entry: "forward" }, y.size, dispatch);
  },
  backward(gpu, { dy }, { dquery, dvalue }) {
    const width = dy.size / 3;
    for (const [gradient, start] of [
      [dquery, 0],
      [dvalue, 2 * width],
    ] as const) {
      if (!gradient) continue;
      const dispatch = { reads: [dy], writes: [gradient], sizes: [width, dy.size, start, width] };
      gpu.elements({ shader: "slice-channels", entry: "forward" }, width, dispatch);
    }
  },
});
