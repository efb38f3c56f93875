import { crossEntropyOp } from "../../../ops/cross-entropy.ts";
import { implement, type Gpu, type Place } from "../context.ts";
import { addPartials } from "./reductions.ts";
import { eachRow } from "./rows.ts";

export const crossEntropyKernels = implement(crossEntropyOp, {
  forward(gpu, { logits, targets }, { loss, logSumExp }, { labelSmoothing }) {
    const [rows, width] = logits.shape;
    const losses = gpu.scratch(rows);
    crossEntropyRows(gpu, { logits, targets, rows, width, labelSmoothing }, { logSumExp, losses });
    addPartials(gpu, losses, rows, loss, 1 / rows);
  },
  backward(gpu, { dloss, logits, targets, logSumExp }, { dlogits }, { labelSmoothing }) {
    if (!dlogits) return;
    const [rows, width] = logits.shape;
    const saved = { logits, targets, rows, width, labelSmoothing, logSumExp, dloss, total: rows };
    crossEntropyGradient(gpu, saved, dlogits);
  },
});

type Rows = {
  /** [rows, width] */
  readonly logits: Place;
  /** [rows] */
  readonly targets: Place;
  readonly rows: number;
  readonly width: number;
  readonly labelSmoothing: number;
};

/** logSumExp in its two parts, [rows, 2], and loss of every row. */
export function crossEntropyRows(
  gpu: Gpu,
  { logits, targets, rows, width, labelSmoothing }: Rows,
  { logSumExp, losses }: { readonly logSumExp: Place; readonly losses: Place },
): void {
  const dispatch = { reads: [logits, targets], writes: [logSumExp, losses], sizes: [rows], numbers: [labelSmoothing] };
  eachRow(gpu, { shader: "cross-entropy", entry: "forward" }, { rows, width }, dispatch);
}

/** Gradient of the logits, where the loss is a mean over `total` rows. */
export function crossEntropyGradient(
  gpu: Gpu,
  saved: Rows & { readonly logSumExp: Place; readonly dloss: Place; readonly total: number },
  dlogits: Place,
): void {
  const { logits, targets, rows, width, labelSmoothing, logSumExp, dloss, total } = saved;
  gpu.elements({ shader: "cross-entropy", entry: "backward" }, rows * width, {
    reads: [logits, targets, logSumExp, dloss],
    writes: [dlogits],
    sizes: [rows, width, total],
    numbers: [labelSmoothing],
  });
}
