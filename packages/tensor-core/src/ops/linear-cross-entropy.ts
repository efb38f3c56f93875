// The last step of masked image modeling as one op, for backends that make the logits a piece at a time: cross-entropy of an
// affine map, and what it takes for most likely. All logits of 128 images take 315 MB, and their gradient as much again.
import type { Tensor } from "../tensor.ts";
import { argmax, argmaxOp } from "./argmax.ts";
import { crossEntropy, crossEntropyOp } from "./cross-entropy.ts";
import { apply, defineOp } from "./define-op.ts";
import { linear, linearOp } from "./linear.ts";

type Inputs = { x: Tensor; weight: Tensor; bias?: Tensor | undefined; targets: Tensor };

export const linearCrossEntropyOp = defineOp<
  Inputs,
  "loss" | "predictions" | "logSumExp",
  { readonly labelSmoothing: number }
>({
  name: "LinearCrossEntropy",
  fused: true,
  integer: ["targets", "predictions"],
  shape({ x, weight, bias, targets }, attributes) {
    const { y: logits } = linearOp.shape({ x, weight, bias }, {});
    const { loss, logSumExp } = crossEntropyOp.shape({ logits, targets }, attributes);
    return { loss, predictions: targets, logSumExp };
  },
  saves: ["x", "weight", "bias", "targets", "logSumExp"],
  forBackward: ["logSumExp"],
  forward({ x, weight, bias, targets }, { loss, predictions, logSumExp }, attributes, shapes) {
    const { logits, shape } = logitsOf({ x, weight, bias }, shapes);
    const all = { logits: shape, targets: shapes.targets, loss: shapes.loss, logSumExp: shapes.logSumExp };
    crossEntropyOp.forward({ logits, targets }, { loss, logSumExp }, attributes, all);
    argmaxOp.forward({ x: logits }, { index: predictions }, {}, { x: shape, index: shapes.predictions });
  },
  backward({ dloss, x, weight, bias, targets, loss, logSumExp }, { dx, dweight, dbias }, attributes, shapes) {
    const { logits, shape } = logitsOf({ x, weight, bias }, shapes);
    const dlogits = new Float64Array(logits.length);
    const saved = { dloss, dlogSumExp: logSumExp, logits, targets, loss, logSumExp };
    const all = { logits: shape, targets: shapes.targets, loss: shapes.loss, logSumExp: shapes.logSumExp };
    crossEntropyOp.backward?.(saved, { dlogits, dtargets: dlogits }, attributes, all);
    linearOp.backward?.(
      { dy: dlogits, x, weight, bias, y: logits },
      { dx, dweight, dbias },
      {},
      { ...shapes, y: shape },
    );
  },
});

type Values = Float64Array;

function logitsOf(
  { x, weight, bias }: { readonly x: Values; readonly weight: Values; readonly bias?: Values | undefined },
  shapes: {
    readonly x: readonly number[];
    readonly weight: readonly number[];
    readonly bias?: readonly number[] | undefined;
  },
): { readonly logits: Values; readonly shape: readonly number[] } {
  const { y: shape } = linearOp.shape(shapes, {});
  const logits = new Float64Array(shape[0] * shape[1]);
  linearOp.forward({ x, weight, bias }, { y: logits }, {}, { ...shapes, y: shape });
  return { logits, shape };
}

/**
 * `crossEntropy(linear(x, params), targets)` and `argmax(linear(x, params))`. [M, K], [V, K], [V], int32 [M] -> [] and
 * int32 [M]
 *
 * @throws as `linear` and `crossEntropy`
 */
export function linearCrossEntropy(
  x: Tensor,
  params: { readonly weight: Tensor; readonly bias?: Tensor | undefined },
  targets: Tensor,
  { labelSmoothing = 0 }: { readonly labelSmoothing?: number } = {},
): { readonly loss: Tensor; readonly predictions: Tensor } {
  if (!x.backend.kernels.has(linearCrossEntropyOp.name)) {
    const logits = linear(x, params);
    return { loss: crossEntropy(logits, targets, { labelSmoothing }), predictions: argmax(logits) };
  }
  const { weight, bias } = params;
  const { loss, predictions } = apply(linearCrossEntropyOp, { x, weight, bias, targets }, { labelSmoothing });
  return { loss, predictions };
}
