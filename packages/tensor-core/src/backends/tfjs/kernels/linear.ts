import { linearOp } from "../../../ops/linear.ts";
import { implement } from "../implement.ts";
import { product } from "./products.ts";
import { asRows } from "./shapes.ts";
import { sumRows } from "./sums.ts";

export const linearKernels = implement(linearOp, {
  forward(engine, { x, weight, bias }) {
    const y = product(engine, asRows(engine, x), weight, { transposeB: true });
    return { y: bias ? engine.tf.add(y, bias) : y };
  },
  backward(engine, { dy, x, weight }, { dx, dweight, dbias }) {
    const slopes = asRows(engine, dy);
    return {
      dx: dx && product(engine, slopes, weight),
      dweight: dweight && product(engine, slopes, asRows(engine, x), { transposeA: true }),
      dbias: dbias && sumRows(engine, slopes),
    };
  },
});
