import { linearArgmaxOp } from "../../../ops/linear-argmax.ts";
import { implement } from "../context.ts";
import { multiply } from "./product.ts";
import { eachRow } from "./rows.ts";

/** Logits kept at a time: 64 MB. */
const MOST_LOGITS = 2 ** 24;

export const linearArgmaxKernels = implement(linearArgmaxOp, {
  // Logits of some outputs at a time, compared with the best so far. A choice is not rounded.
  forward(gpu, { x, weight, bias }, { index }) {
    const [outputs, depth] = weight.shape;
    const rows = index.size;
    const width = Math.min(outputs, Math.max(128, 4 * Math.floor(MOST_LOGITS / 4 / Math.max(1, rows))));
    const logits = gpu.scratch(rows * width);
    const best = gpu.scratch(rows);
    const left = { values: x, byK: true, stride: depth };
    for (let first = 0; first < outputs; first += width) {
      const columns = Math.min(width, outputs - first);
      const right = { values: weight, byK: true, stride: depth, offset: first * depth };
      multiply(gpu, { rows, columns, depth, left, right, exact: true, to: logits });
      const sizes = [first, outputs, first > 0 ? 1 : 0, bias ? 1 : 0];
      const dispatch = { reads: [logits, bias], writes: [best, index], sizes };
      eachRow(gpu, { shader: "argmax" }, { rows, width: columns }, dispatch);
    }
  },
});
