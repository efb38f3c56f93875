import { residualOp } from "../../../ops/residual.ts";
import type { Tensor } from "../../../tensor.ts";
import { implement, type Gpu, type Place } from "../context.ts";
import { copy } from "./copy.ts";
import { sumColumns } from "./reductions.ts";
import { rowsOf } from "./rows.ts";

export const residualKernels = implement(residualOp, {
  forward(gpu, { x, branch, scale, keep }, { y }) {
    const dispatch = { reads: [scale, keep, branch, x], writes: [y], sizes: sizesOf(x, scale, keep) };
    gpu.elements({ shader: "residual", entry: "forward" }, x.size, dispatch);
  },
  backward: residualGradients,
});

type Saved = {
  readonly dy: Tensor;
  readonly branch: Tensor;
  readonly scale?: Tensor | undefined;
  readonly keep?: Tensor | undefined;
};
type Gradients = {
  readonly dx?: Tensor | undefined;
  readonly dbranch?: Place | undefined;
  readonly dscale?: Tensor | undefined;
  readonly dkeep?: Tensor | undefined;
};

/** Of those gradients that are wanted. */
export function residualGradients(
  gpu: Gpu,
  { dy, branch, scale, keep }: Saved,
  { dx, dbranch, dscale, dkeep }: Gradients,
): void {
  const { rows, width } = rowsOf(dy);
  const halves = gpu.halvesOf(branch);
  const constants = { BRANCH_HALF: !!halves };
  copy(gpu, dy, dx, dy.size);
  if (dbranch) {
    const dispatch = { reads: [scale, keep, dy], writes: [dbranch], sizes: sizesOf(dy, scale, keep) };
    gpu.elements({ shader: "residual", entry: "backward" }, dy.size, dispatch);
  }
  if (dscale) {
    const sizes = [rows / dy.shape[0], keep ? 1 : 0];
    const reads = [keep, dy, halves ?? branch];
    sumColumns(gpu, { shader: "residual-scale", constants }, { reads, rows, width, sizes, to: dscale });
  }
  if (dkeep) {
    const sizes = [dkeep.size, width, dy.size / dkeep.size, scale ? 1 : 0];
    const reads = [scale, dy, halves ?? branch];
    gpu.groups({ shader: "residual-keep", constants }, dkeep.size, { reads, writes: [dkeep], sizes });
  }
}

function sizesOf(x: Tensor, scale: Tensor | undefined, keep: Tensor | undefined): number[] {
  const { width } = rowsOf(x);
  return [x.size, width, x.size / x.shape[0], scale ? 1 : 0, keep ? 1 : 0];
}
