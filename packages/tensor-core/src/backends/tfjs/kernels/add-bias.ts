import { addBiasOp } from "../../../ops/add-bias.ts";
import { implement } from "../implement.ts";
import { asRows } from "./shapes.ts";
import { sumRows } from "./sums.ts";

export const addBiasKernels = implement(addBiasOp, {
  forward: (engine, { x, bias }) => ({ y: engine.tf.add(asRows(engine, x), bias) }),
  backward: (engine, { dy }, { dx, dbias }) => ({
    dx: dx && dy,
    dbias: dbias && sumRows(engine, asRows(engine, dy)),
  }),
});
