import { qkvBiasOp } from "../../../ops/qkv-bias.ts";
import type { Tensor } from "../../../tensor.ts";
import { implement, type Gpu, type Place } from "../context.ts";

export const qkvBiasKernels = implement(qkvBiasOp, {
  forward: (gpu, biases, { y }) => joinBiases(gpu, biases, y),
  backward: (gpu, { dy }, gradients) => splitBiasGradient(gpu, { dy, width: dy.size }, gradients),
});

/** bias = query bias, zeros, value bias */
export function joinBiases(
  gpu: Gpu,
  { query, value }: { readonly query: Tensor; readonly value: Tensor },
  bias: Place,
): void {
  const dispatch = { reads: [query, value], writes: [bias], sizes: [query.size] };
  gpu.elements({ shader: "qkv-bias", entry: "forward" }, 3 * query.size, dispatch);
}

/** Gradients of the two from that of all, `width` wide. */
export function splitBiasGradient(
  gpu: Gpu,
  { dy, width }: { readonly dy: Place; readonly width: number },
  { dquery, dvalue }: { readonly dquery?: Tensor | undefined; readonly dvalue?: Tensor | undefined },
): void {
  const third = width / 3;
  for (const [gradient, start] of [
    [dquery, 0],
    [dvalue, 2 * third],
  ] as const) {
    if (!gradient) continue;
    const dispatch = { reads: [dy], writes: [gradient], sizes: [third, width, start, third] };
    gpu.elements({ shader: "slice-channels", entry: "forward" }, third, dispatch);
  }
}
