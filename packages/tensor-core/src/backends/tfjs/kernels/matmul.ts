import { matmulOp } from "../../../ops/matmul.ts";
import { implement } from "../implement.ts";
import { product } from "./products.ts";
import { asRows } from "./shapes.ts";

export const matmulKernels = implement(matmulOp, {
  forward: (engine, { a, b }) => ({ y: product(engine, asRows(engine, a), b) }),
  backward(engine, { dy, a, b }, { da, db }) {
    const slopes = asRows(engine, dy);
    return {
      da: da && product(engine, slopes, b, { transposeB: true }),
      db: db && product(engine, asRows(engine, a), slopes, { transposeA: true }),
    };
  },
});
