// Mean cross-entropy of logits against integer targets, softmax included, with optional label smoothing:
// the target is 1 - s on the right entry plus s / V on every one. (BEiT, equation 1; smoothing: Szegedy et al. 2016)
import type { Tensor } from "../tensor.ts";
import { expect, expectRank, expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

/** logSumExp is in two parts, as attention's. */
export const crossEntropyOp = defineOp<
  { logits: Tensor; targets: Tensor },
  "loss" | "logSumExp",
  { readonly labelSmoothing: number }
>({
  name: "CrossEntropy",
  integer: ["targets"],
  shape({ logits, targets }, { labelSmoothing }) {
    expectRank("CrossEntropy", "logits", logits, 2, "M, V");
    expectShape("CrossEntropy", "targets", targets, [logits[0]]);
    expect(
      "CrossEntropy",
      logits[0] > 0 && logits[1] > 0,
      "logits [M, V] with M and V at least 1",
      `[${logits.join(", ")}]`,
    );
    expect("CrossEntropy", labelSmoothing >= 0 && labelSmoothing <= 1, "labelSmoothing in [0, 1]", `${labelSmoothing}`);
    return { loss: [], logSumExp: [logits[0], 2] };
  },
  saves: ["logits", "targets", "logSumExp"],
  forward({ logits, targets }, { loss, logSumExp }, { labelSmoothing }) {
    const rows = targets.length;
    const width = logits.length / rows;
    for (let row = 0; row < rows; row++) {
      let largest = -Infinity;
      for (let i = 0; i < width; i++) largest = Math.max(largest, logits[row * width + i]);
      let exponentials = 0;
      let sum = 0;
      for (let i = 0; i < width; i++) {
        exponentials += Math.exp(logits[row * width + i] - largest);
        sum += logits[row * width + i] - largest;
      }
      const logarithm = Math.log(exponentials);
      logSumExp[row * 2] = largest;
      logSumExp[row * 2 + 1] = logarithm;
      // Everything relative to the largest logit: a common offset costs no digits.
      const target = isTarget(targets[row], width) ? logits[row * width + targets[row]] - largest : Number.NaN;
      loss[0] += (logarithm - (1 - labelSmoothing) * target - (labelSmoothing * sum) / width) / rows;
    }
  },
  // dlogits = (softmax - smoothed target) dloss / M
  backward({ dloss, logits, targets, logSumExp }, { dlogits }, { labelSmoothing }) {
    const rows = targets.length;
    const width = logits.length / rows;
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < width; i++) {
        const at = row * width + i;
        const target = labelSmoothing / width + (i === targets[row] ? 1 - labelSmoothing : 0);
        dlogits[at] = isTarget(targets[row], width)
          ? ((Math.exp(logits[at] - logSumExp[row * 2] - logSumExp[row * 2 + 1]) - target) * dloss[0]) / rows
          : Number.NaN;
      }
    }
  },
});

/**
 * Mean cross-entropy over rows. [M, V], int32 [M] -> []
 *
 * @param targets entries in [0, V): check them where they come from the host, since ops do not read devices. Any other
 *   makes the loss NaN.
 * @throws if there are no rows: their mean does not exist
 */
export function crossEntropy(
  logits: Tensor,
  targets: Tensor,
  { labelSmoothing = 0 }: { readonly labelSmoothing?: number } = {},
): Tensor {
  return apply(crossEntropyOp, { logits, targets }, { labelSmoothing }).loss;
}

function isTarget(target: number, width: number): boolean {
  return target >= 0 && target < width;
}
