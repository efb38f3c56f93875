// In-place sums over lists of tensors: target += scale * source, as one call. Used by the tape where a tensor has
// several consumers, and by gradient accumulation.
import type { Tensor } from "../tensor.ts";
import { expect } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export const accumulateOp = defineOp<
  { targets: readonly Tensor[]; sources: readonly Tensor[] },
  never,
  { readonly scale: number }
>({
  name: "Accumulate",
  mutates: ["targets"],
  shape({ targets, sources }) {
    const show = (shapes: readonly (readonly number[])[]) => shapes.map((shape) => `[${shape.join(", ")}]`).join(" ");
    expect("Accumulate", show(targets) === show(sources), `sources of shapes ${show(targets)}`, show(sources));
    return {};
  },
  forward({ targets, sources }, _, { scale }) {
    targets.forEach((target, t) => {
      for (let i = 0; i < target.length; i++) target[i] += scale * sources[t][i];
    });
  },
});

/** targets[i] += scale * sources[i], in place. */
export function accumulate(targets: readonly Tensor[], sources: readonly Tensor[], { scale = 1 } = {}): void {
  apply(accumulateOp, { targets, sources }, { scale });
}
