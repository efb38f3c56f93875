import { accumulateOp } from "../../../ops/accumulate.ts";
import { implement } from "../implement.ts";

export const accumulateKernels = implement(accumulateOp, {
  forward: ({ tf }, { targets, sources }, _, { scale }) => ({
    targets: targets.map((target, i) => tf.add(target, scale === 1 ? sources[i] : tf.mul(sources[i], scale))),
  }),
});
