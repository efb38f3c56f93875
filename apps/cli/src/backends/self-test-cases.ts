// A few small cases of the ops that a training step lives on, with odd sizes, for the self-test of `beit doctor`. The whole
// conformance suite is in tensor-core's tests.
import {
  attentionOp,
  conv2dOp,
  crossEntropyOp,
  geluOp,
  layerNormOp,
  linearOp,
  softmaxOp,
  type AnyOp,
} from "@beitjs/tensor-core/ops";
import type { OpCase } from "@beitjs/tensor-core/testing";

function caseOf(op: unknown, inputs: OpCase["inputs"], attributes: object = {}): OpCase {
  return { op: op as AnyOp, inputs, attributes };
}

export const selfTestCases: readonly OpCase[] = [
  caseOf(linearOp, { x: { shape: [5, 37] }, weight: { shape: [19, 37] }, bias: { shape: [19] } }),
  caseOf(geluOp, { x: { shape: [3, 29], range: [-4, 4] } }),
  caseOf(softmaxOp, { x: { shape: [7, 33], range: [-5, 5] } }),
  caseOf(layerNormOp, { x: { shape: [5, 33] }, gamma: { shape: [33] }, beta: { shape: [33] } }, { epsilon: 1e-6 }),
  caseOf(attentionOp, { qkv: { shape: [2, 7, 45] }, bias: { shape: [3, 7, 7] } }, { heads: 3 }),
  caseOf(
    conv2dOp,
    { x: { shape: [2, 8, 6, 3] }, filter: { shape: [5, 4, 4, 3] }, bias: { shape: [5] } },
    { stride: 2, padding: 1 },
  ),
  caseOf(
    crossEntropyOp,
    { logits: { shape: [5, 13] }, targets: { shape: [5], range: [0, 13] } },
    { labelSmoothing: 0.1 },
  ),
];
