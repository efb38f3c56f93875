import { accumulateOp } from "../../../ops/accumulate.ts";
import { implement, type Gpu, type Place } from "../context.ts";

export const accumulateKernels = implement(accumulateOp, {
  forward(gpu, { targets, sources }, _, { scale }) {
    targets.forEach((target, t) => addInto(gpu, target, sources[t], target.size, scale));
  },
});

/** target += scale * source, both of `size` elements */
export function addInto(gpu: Gpu, target: Place, source: Place, size: number, scale = 1): void {
  const dispatch = { reads: [source], writes: [target], sizes: [size], numbers: [scale] };
  gpu.elements({ shader: "add-scaled", entry: "accumulate" }, size, dispatch);
}
