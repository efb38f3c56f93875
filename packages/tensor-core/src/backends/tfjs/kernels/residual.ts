import { residualOp } from "../../../ops/residual.ts";
import type { Engine, TfTensor } from "../engine.ts";
import { implement } from "../implement.ts";
import { asRows } from "./shapes.ts";
import { sumRow, sumRows } from "./sums.ts";

export const residualKernels = implement(residualOp, {
  forward(engine, { x, branch, scale, keep }) {
    return { y: engine.tf.add(asRows(engine, x), kept(engine, scaled(engine, branch, scale), keep)) };
  },
  backward(engine, { dy, branch, scale, keep }, { dx, dbranch, dscale, dkeep }) {
    const { tf } = engine;
    const slopes = asRows(engine, dy);
    const byValue = tf.mul(slopes, asRows(engine, branch));
    const perSample = (values: TfTensor): TfTensor => tf.reshape(values, [dy.shape[0], -1]);
    return {
      dx: dx && dy,
      dbranch: dbranch && kept(engine, scaled(engine, dy, scale), keep),
      dscale: dscale && sumRows(engine, kept(engine, byValue, keep)),
      dkeep: dkeep && sumRow(engine, perSample(scaled(engine, byValue, scale))),
    };
  },
});

// [..., D] -> [R, D], times the layer scale
function scaled(engine: Engine, x: TfTensor, scale: TfTensor | undefined): TfTensor {
  return scale ? engine.tf.mul(asRows(engine, x), scale) : asRows(engine, x);
}

// [R, D], every sample's rows times its factor
function kept({ tf }: Engine, x: TfTensor, keep: TfTensor | undefined): TfTensor {
  if (!keep) return x;
  return tf.reshape(tf.mul(tf.reshape(x, [keep.size, -1]), tf.reshape(keep, [keep.size, 1])), x.shape);
}
