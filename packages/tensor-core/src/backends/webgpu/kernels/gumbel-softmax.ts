import { gumbelSoftmaxOp } from "../../../ops/gumbel-softmax.ts";
import { implement } from "../context.ts";
import { rowsOf } from "./rows.ts";

export const gumbelSoftmaxKernels = implement(gumbelSoftmaxOp, {
  forward(gpu, { logits, noise }, { y, soft }, { temperature, hard }) {
    const { rows, width } = rowsOf(logits);
    gpu.groups({ shader: "gumbel-softmax", entry: "forward" }, rows, {
      reads: [logits, noise],
      writes: hard ? [soft, y] : [y, soft],
      sizes: [rows, width, hard ? 1 : 0],
      numbers: [temperature],
    });
  },
  backward(gpu, { dy, y, soft }, { dlogits, dnoise }, { temperature, hard }) {
    const { rows, width } = rowsOf(dy);
    for (const gradient of [dlogits, dnoise]) {
      if (!gradient) continue;
      gpu.groups({ shader: "gumbel-softmax", entry: "backward" }, rows, {
        reads: [hard ? soft : y, dy],
        writes: [gradient],
        sizes: [rows, width, hard ? 1 : 0],
        numbers: [temperature],
      });
    }
  },
});
