import { sliceChannelsOp } from "../../../ops/slice-channels.ts";
import { implement } from "../implement.ts";
import { asRows } from "./shapes.ts";

export const sliceChannelsKernels = implement(sliceChannelsOp, {
  forward(engine, { x }, _, { start, length }) {
    const rows = asRows(engine, x);
    return { y: engine.tf.slice(rows, [0, start], [rows.shape[0], length]) };
  },
  backward(engine, { dy }, { dx }, { start, length }) {
    const width = dx?.shape.at(-1) ?? 0;
    return {
      dx:
        dx &&
        engine.tf.pad(asRows(engine, dy), [
          [0, 0],
          [start, width - start - length],
        ]),
    };
  },
});
