import { gumbelSoftmaxOp } from "../../../ops/gumbel-softmax.ts";
import { implement } from "../context.ts";
import { eachRow, rowsOf } from "./rows.ts";

export const gumbelSoftmaxKernels = implement(gumbelSoftmaxOp, {
  forward(gpu, { logits, noise }, { y, soft }, { temperature, hard }) {
    eachRow(gpu, { shader: "gumbel-softmax", entry: "forward" }, rowsOf(logits), {
      reads: [logits, noise],
      writes: hard ? [soft, y] : [y, soft],
      sizes: [hard ? 1 : 0],
      numbers: [temperature],
    });
  },
  backward(gpu, { dy, y, soft }, { dlogits, dnoise }, { temperature, hard }) {
    for (const gradient of [dlogits, dnoise]) {
      if (!gradient) continue;
      eachRow(gpu, { shader: "gumbel-softmax", entry: "backward" }, rowsOf(dy), {
        reads: [hard ? soft : y, dy],
        writes: [gradient],
        sizes: [hard ? 1 : 0],
        numbers: [temperature],
      });
    }
  },
});
