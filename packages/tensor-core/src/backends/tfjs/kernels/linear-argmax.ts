import { linearArgmaxOp } from "../../../ops/linear-argmax.ts";
import { implement } from "../implement.ts";
import { largestAt } from "./argmax.ts";
import { product } from "./products.ts";
import { asRows } from "./shapes.ts";

export const linearArgmaxKernels = implement(linearArgmaxOp, {
  forward(engine, { x, weight, bias }) {
    const y = product(engine, asRows(engine, x), weight, { transposeB: true });
    return { index: largestAt(engine, bias ? engine.tf.add(y, bias) : y) };
  },
});
