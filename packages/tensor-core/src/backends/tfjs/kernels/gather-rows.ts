import { gatherRowsOp } from "../../../ops/gather-rows.ts";
import { implement } from "../implement.ts";
import { addRowsAt } from "./scatter.ts";

export const gatherRowsKernels = implement(gatherRowsOp, {
  forward: ({ tf }, { x, index }, { y }) => ({ y: index.size === 0 ? tf.zeros([...y.shape]) : tf.gather(x, index) }),
  backward: (engine, { dy, index }, { dx }) => ({ dx: dx && addRowsAt(engine, dy, index, dx.shape[0]) }),
});
