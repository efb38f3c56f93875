import { addScaledOp } from "../../../ops/add-scaled.ts";
import { implement } from "../implement.ts";

export const addScaledKernels = implement(addScaledOp, {
  forward: ({ tf }, { x, y }, _, { scale }) => ({ z: tf.add(x, tf.mul(y, scale)) }),
  backward: ({ tf }, { dz }, { dx, dy }, { scale }) => ({ dx: dx && dz, dy: dy && tf.mul(dz, scale) }),
});
