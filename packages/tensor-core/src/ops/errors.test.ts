// Wrong shapes are refused at the op's edge, by name and with the numbers. One line per promise; every op has some.
import { expect, it } from "vitest";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { zeros, type Tensor } from "../tensor.ts";
import * as ops from "./index.ts";

const backend = createReferenceBackend();
const x = (...shape: number[]): Tensor => zeros(shape, backend);
const ids = (...shape: number[]): Tensor => zeros(shape, backend, "int32");
const adamWOptions = (count: number): ops.AdamWOptions => {
  const rates = new Array<number>(count).fill(0.1);
  return { learningRates: rates, weightDecays: rates, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 1 };
};
const lists = (shapes: readonly number[][], changed: Partial<ops.AdamWTensors> = {}): ops.AdamWTensors => {
  const made = (): Tensor[] => shapes.map((shape) => x(...shape));
  return { parameters: made(), gradients: made(), firstMoments: made(), secondMoments: made(), ...changed };
};

const refused: readonly (readonly [message: string, call: () => unknown])[] = [
  // assembleTokens
  ["[AssembleTokens] expected patches [B, N, D], got [4, 6]", () => ops.assembleTokens(x(4, 6), { classToken: x(6) })],
  ["[AssembleTokens] expected classToken [6], got [5]", () => ops.assembleTokens(x(2, 4, 6), { classToken: x(5) })],
  [
    "[AssembleTokens] expected mask [2, 4], got [2, 5]",
    () => ops.assembleTokens(x(2, 4, 6), { classToken: x(6), maskToken: x(6), mask: ids(2, 5) }),
  ],
  [
    "[AssembleTokens] expected maskToken [6], got [1, 6]",
    () => ops.assembleTokens(x(2, 4, 6), { classToken: x(6), maskToken: x(1, 6), mask: ids(2, 4) }),
  ],
  [
    "[AssembleTokens] expected mask and maskToken together, got mask alone",
    () => ops.assembleTokens(x(2, 4, 6), { classToken: x(6), mask: ids(2, 4) }),
  ],
  [
    "[AssembleTokens] expected position [5, 6], got [4, 6]",
    () => ops.assembleTokens(x(2, 4, 6), { classToken: x(6), position: x(4, 6) }),
  ],
  [
    "[AssembleTokens] expected mask to be int32, got float32",
    () => ops.assembleTokens(x(2, 4, 6), { classToken: x(6), maskToken: x(6), mask: x(2, 4) }),
  ],
  // attention
  ["[Attention] expected qkv [B, N, 3D], got [5, 18]", () => ops.attention(x(5, 18), { heads: 1 })],
  ["[Attention] expected a positive whole number of heads, got 0", () => ops.attention(x(2, 5, 18), { heads: 0 })],
  ["[Attention] expected a positive whole number of heads, got 1.5", () => ops.attention(x(2, 5, 18), { heads: 1.5 })],
  [
    "[Attention] expected qkv [B, N, 3D] with D a multiple of 4 heads, got [2, 5, 18]",
    () => ops.attention(x(2, 5, 18), { heads: 4 }),
  ],
  [
    "[Attention] expected bias [3, 5, 5], got [3, 5, 6]",
    () => ops.attention(x(2, 5, 18), { heads: 3, bias: x(3, 5, 6) }),
  ],
  [
    "[AttentionProbabilities] expected bias [3, 5, 5], got [1, 5, 5]",
    () => ops.attentionProbabilities(x(2, 5, 18), { heads: 3, bias: x(1, 5, 5) }),
  ],
  // conv2d
  ["[Conv2d] expected x [B, H, W, C], got [8, 8, 3]", () => ops.conv2d(x(8, 8, 3), { filter: x(4, 3, 3, 3) })],
  ["[Conv2d] expected filter [O, kh, kw, C], got [4, 27]", () => ops.conv2d(x(1, 8, 8, 3), { filter: x(4, 27) })],
  [
    "[Conv2d] expected filter [4, 3, 3, 3], got [4, 3, 3, 1]",
    () => ops.conv2d(x(1, 8, 8, 3), { filter: x(4, 3, 3, 1) }),
  ],
  ["[Conv2d] expected bias [4], got [3]", () => ops.conv2d(x(1, 8, 8, 3), { filter: x(4, 3, 3, 3), bias: x(3) })],
  [
    "[Conv2d] expected padded images of at least 5 x 3, got 4 x 4",
    () => ops.conv2d(x(1, 2, 2, 3), { filter: x(4, 5, 3, 3) }, { padding: 1 }),
  ],
  [
    "[Conv2d] expected a filter of at least 1 x 1, got 0 x 3",
    () => ops.conv2d(x(1, 8, 8, 3), { filter: x(4, 0, 3, 3) }),
  ],
  [
    "[Conv2d] expected stride to be a positive integer, got 0",
    () => ops.conv2d(x(1, 8, 8, 3), { filter: x(4, 3, 3, 3) }, { stride: 0 }),
  ],
  [
    "[Conv2d] expected padding to be a non-negative integer, got 0.5",
    () => ops.conv2d(x(1, 8, 8, 3), { filter: x(4, 3, 3, 3) }, { padding: 0.5 }),
  ],
  // convTranspose2d
  [
    "[ConvTranspose2d] expected x [B, H, W, C], got [8, 8, 3]",
    () => ops.convTranspose2d(x(8, 8, 3), { filter: x(3, 4, 4, 2) }),
  ],
  [
    "[ConvTranspose2d] expected filter [C, kh, kw, O], got [3, 4, 4]",
    () => ops.convTranspose2d(x(1, 8, 8, 3), { filter: x(3, 4, 4) }),
  ],
  [
    "[ConvTranspose2d] expected filter [3, 4, 4, 2], got [2, 4, 4, 2]",
    () => ops.convTranspose2d(x(1, 8, 8, 3), { filter: x(2, 4, 4, 2) }),
  ],
  [
    "[ConvTranspose2d] expected bias [2], got [3]",
    () => ops.convTranspose2d(x(1, 8, 8, 3), { filter: x(3, 4, 4, 2), bias: x(3) }),
  ],
  [
    "[ConvTranspose2d] expected a filter of at least 1 x 1, got 4 x 0",
    () => ops.convTranspose2d(x(1, 8, 8, 3), { filter: x(3, 4, 0, 2) }),
  ],
  [
    "[ConvTranspose2d] expected stride to be a positive integer, got 1.5",
    () => ops.convTranspose2d(x(1, 8, 8, 3), { filter: x(3, 4, 4, 2) }, { stride: 1.5 }),
  ],
  [
    "[ConvTranspose2d] expected padding to be a non-negative integer, got -1",
    () => ops.convTranspose2d(x(1, 8, 8, 3), { filter: x(3, 4, 4, 2) }, { padding: -1 }),
  ],
  [
    "[ConvTranspose2d] expected an output of at least 1 x 1, got 0 x 1 from stride 2, padding 2, filter 4 x 5",
    () => ops.convTranspose2d(x(1, 1, 1, 3), { filter: x(3, 4, 5, 2) }, { stride: 2, padding: 2 }),
  ],
  // linearCrossEntropy
  ["[Linear] expected x […, 4], got [3, 5]", () => ops.linearCrossEntropy(x(3, 5), { weight: x(7, 4) }, ids(3))],
  ["[CrossEntropy] expected targets [3], got [4]", () => ops.linearCrossEntropy(x(3, 5), { weight: x(7, 5) }, ids(4))],
  // binaryCrossEntropy
  ["[BinaryCrossEntropy] expected targets [2, 3], got [3, 2]", () => ops.binaryCrossEntropy(x(2, 3), x(3, 2))],
  ["[BinaryCrossEntropy] expected targets to be float32, got int32", () => ops.binaryCrossEntropy(x(2), ids(2))],
  [
    "[BinaryCrossEntropy] expected logits with at least one element, got [0, 3]",
    () => ops.binaryCrossEntropy(x(0, 3), x(0, 3)),
  ],
  [
    "[BinaryCrossEntropy] expected weights [2, 3], got [3]",
    () => ops.binaryCrossEntropy(x(2, 3), x(2, 3), { weights: x(3) }),
  ],
  // crossEntropy
  ["[CrossEntropy] expected logits [M, V], got [2, 3, 5]", () => ops.crossEntropy(x(2, 3, 5), ids(2))],
  ["[CrossEntropy] expected targets [3], got [4]", () => ops.crossEntropy(x(3, 5), ids(4))],
  ["[CrossEntropy] expected targets to be int32, got float32", () => ops.crossEntropy(x(3, 5), x(3))],
  [
    "[CrossEntropy] expected logits [M, V] with M and V at least 1, got [0, 5]",
    () => ops.crossEntropy(x(0, 5), ids(0)),
  ],
  [
    "[CrossEntropy] expected labelSmoothing in [0, 1], got 1.1",
    () => ops.crossEntropy(x(3, 5), ids(3), { labelSmoothing: 1.1 }),
  ],
  [
    "[CrossEntropy] expected labelSmoothing in [0, 1], got NaN",
    () => ops.crossEntropy(x(3, 5), ids(3), { labelSmoothing: Number.NaN }),
  ],
  // gatherRows
  ["[GatherRows] expected x [R, D], got [2, 3, 5]", () => ops.gatherRows(x(2, 3, 5), ids(2))],
  ["[GatherRows] expected index [M], got [2, 2]", () => ops.gatherRows(x(3, 5), ids(2, 2))],
  // linear
  ["[Linear] expected x […, 5], got [3, 4]", () => ops.linear(x(3, 4), { weight: x(7, 5) })],
  ["[Linear] expected x [5], got []", () => ops.linear(x(), { weight: x(7, 5) })],
  ["[Linear] expected weight [N, K], got [5]", () => ops.linear(x(3, 5), { weight: x(5) })],
  ["[Linear] expected bias [7], got [5]", () => ops.linear(x(3, 5), { weight: x(7, 5), bias: x(5) })],
  // matmul
  ["[Matmul] expected a […, …, 5], got [2, 3, 4]", () => ops.matmul(x(2, 3, 4), x(5, 7))],
  ["[Matmul] expected b [K, N], got [2, 5, 7]", () => ops.matmul(x(3, 5), x(2, 5, 7))],
  // meanTokens
  ["[MeanTokens] expected x [B, N, D], got [3, 5]", () => ops.meanTokens(x(3, 5))],
  ["[MeanTokens] expected start in [0, 1), got 1", () => ops.meanTokens(x(3, 1, 5))],
  ["[MeanTokens] expected start in [0, 4), got -1", () => ops.meanTokens(x(3, 4, 5), { start: -1 })],
  // patchify
  ["[Patchify] expected images [B, H, W, C], got [8, 8, 3]", () => ops.patchify(x(8, 8, 3), { patchSize: 4 })],
  ["[Patchify] expected a positive whole patchSize, got 0", () => ops.patchify(x(1, 8, 8, 3), { patchSize: 0 })],
  [
    "[Patchify] expected images [B, H, W, C] with H and W multiples of 4, got [1, 8, 6, 3]",
    () => ops.patchify(x(1, 8, 6, 3), { patchSize: 4 }),
  ],
  // linearQkv
  [
    "[Linear] expected bias [8], got [6]",
    () => ops.linearQkv(x(3, 5), { weight: x(8, 5), queryBias: x(2), valueBias: x(2) }),
  ],
  // qkvBias
  ["[QkvBias] expected query [D], got [1, 4]", () => ops.qkvBias(x(1, 4), x(4))],
  ["[QkvBias] expected value [4], got [5]", () => ops.qkvBias(x(4), x(5))],
  // relativePositionBias
  ["[RelativePositionBias] expected table [R, H], got [12]", () => ops.relativePositionBias(x(12), ids(5, 5))],
  ["[RelativePositionBias] expected index [5, 5], got [5, 4]", () => ops.relativePositionBias(x(12, 3), ids(5, 4))],
  ["[RelativePositionBias] expected index [N, N], got []", () => ops.relativePositionBias(x(12, 3), ids())],
  // residual
  ["[Residual] expected x [B, ..., D], got [6]", () => ops.residual(x(6), x(6))],
  ["[Residual] expected branch [2, 6], got [2, 5]", () => ops.residual(x(2, 6), x(2, 5))],
  ["[Residual] expected scale [6], got [2]", () => ops.residual(x(2, 6), x(2, 6), { scale: x(2) })],
  ["[Residual] expected keep [2], got [6]", () => ops.residual(x(2, 6), x(2, 6), { keep: x(6) })],
  // softmax
  ["[Softmax] expected x [..., V] with V at least 1, got []", () => ops.softmax(x())],
  ["[Softmax] expected x [..., V] with V at least 1, got [3, 0]", () => ops.softmax(x(3, 0))],
  // adamW
  [
    "[AdamW] expected gradients of shapes [2] [3], got [2] [4]",
    () => ops.adamW(lists([[2], [3]], { gradients: [x(2), x(4)] }), adamWOptions(2)),
  ],
  [
    "[AdamW] expected firstMoments of shapes [2] [3], got [2]",
    () => ops.adamW(lists([[2], [3]], { firstMoments: [x(2)] }), adamWOptions(2)),
  ],
  [
    "[AdamW] expected secondMoments of shapes [2, 3], got [3, 2]",
    () => ops.adamW(lists([[2, 3]], { secondMoments: [x(3, 2)] }), adamWOptions(1)),
  ],
  [
    "[AdamW] expected 2 learningRates, got 1",
    () => ops.adamW(lists([[2], [3]]), { ...adamWOptions(2), learningRates: [1] }),
  ],
  [
    "[AdamW] expected 1 weightDecays, got 2",
    () => ops.adamW(lists([[2]]), { ...adamWOptions(1), weightDecays: [1, 1] }),
  ],
  ["[AdamW] expected beta1 in [0, 1), got 1", () => ops.adamW(lists([[2]]), { ...adamWOptions(1), beta1: 1 })],
  ["[AdamW] expected beta2 in [0, 1), got NaN", () => ops.adamW(lists([[2]]), { ...adamWOptions(1), beta2: NaN })],
  ["[AdamW] expected epsilon >= 0, got -1", () => ops.adamW(lists([[2]]), { ...adamWOptions(1), epsilon: -1 })],
  ["[AdamW] expected an integer step >= 1, got 0", () => ops.adamW(lists([[2]]), { ...adamWOptions(1), step: 0 })],
  [
    "[AdamW] expected norm together with maxNorm, got maxNorm alone",
    () => ops.adamW(lists([[2]]), { ...adamWOptions(1), maxNorm: 1 }),
  ],
  [
    "[AdamW] expected maxNorm together with norm, got norm alone",
    () => ops.adamW(lists([[2]], { norm: x() }), adamWOptions(1)),
  ],
  [
    "[AdamW] expected norm [], got [1]",
    () => ops.adamW(lists([[2]], { norm: x(1) }), { ...adamWOptions(1), maxNorm: 1 }),
  ],
  [
    "[AdamW] expected maxNorm above 0, got 0",
    () => ops.adamW(lists([[2]], { norm: x() }), { ...adamWOptions(1), maxNorm: 0 }),
  ],
  // addScaled
  ["[AddScaled] expected y [2, 3], got [3]", () => ops.addScaled(x(2, 3), x(3))],
  // argmax
  ["[Argmax] expected x [..., V] with V >= 1, got []", () => ops.argmax(x())],
  ["[Argmax] expected x [..., V] with V >= 1, got [3, 0]", () => ops.argmax(x(3, 0))],
  // embedding
  ["[Embedding] expected table [V, D], got [5]", () => ops.embedding(x(5), ids(2))],
  ["[Embedding] expected ids to be int32, got float32", () => ops.embedding(x(5, 2), x(2))],
  // gaussianSample
  ["[GaussianSample] expected logVariance [2, 3], got [3]", () => ops.gaussianSample(x(2, 3), x(3), x(2, 3))],
  ["[GaussianSample] expected noise [2, 3], got [2, 1]", () => ops.gaussianSample(x(2, 3), x(2, 3), x(2, 1))],
  // globalNorm: without a tensor there is no backend to run on.
  ["[GlobalNorm] expected at least one input tensor", () => ops.globalNorm([])],
  // gumbelSoftmax
  ["[GumbelSoftmax] expected logits [..., V], got []", () => ops.gumbelSoftmax(x(), x(), { temperature: 1 })],
  ["[GumbelSoftmax] expected noise [2, 3], got [3]", () => ops.gumbelSoftmax(x(2, 3), x(3), { temperature: 1 })],
  ["[GumbelSoftmax] expected a temperature above 0, got 0", () => ops.gumbelSoftmax(x(3), x(3), { temperature: 0 })],
  ["[GumbelSoftmax] expected a temperature above 0, got -1", () => ops.gumbelSoftmax(x(3), x(3), { temperature: -1 })],
  [
    "[GumbelSoftmax] expected a temperature above 0, got NaN",
    () => ops.gumbelSoftmax(x(3), x(3), { temperature: NaN }),
  ],
  // klToNormal
  ["[KlToNormal] expected mean [B, ...] with B >= 1, got []", () => ops.klToNormal(x(), x())],
  ["[KlToNormal] expected logVariance [2, 3], got [2]", () => ops.klToNormal(x(2, 3), x(2))],
  // klToUniform
  ["[KlToUniform] expected logits [..., V] with at least one element, got []", () => ops.klToUniform(x())],
  ["[KlToUniform] expected logits [..., V] with at least one element, got [0, 3]", () => ops.klToUniform(x(0, 3))],
  // logitLaplace
  ["[LogitLaplace] expected parameters [4, 6], got [4, 3]", () => ops.logitLaplace(x(4, 3), x(4, 3))],
  // maxPool2d
  ["[MaxPool2d] expected x [B, H, W, C], got [4, 4, 3]", () => ops.maxPool2d(x(4, 4, 3))],
  ["[MaxPool2d] expected height and width divisible by 2, got [1, 4, 5, 3]", () => ops.maxPool2d(x(1, 4, 5, 3))],
  [
    "[MaxPool2d] expected height and width divisible by 3, got [1, 4, 6, 3]",
    () => ops.maxPool2d(x(1, 4, 6, 3), { size: 3 }),
  ],
  ["[MaxPool2d] expected a size of at least 1, got 0", () => ops.maxPool2d(x(1, 4, 4, 3), { size: 0 })],
  // meanSquaredError
  ["[MeanSquaredError] expected target [2, 3], got [3, 2]", () => ops.meanSquaredError(x(2, 3), x(3, 2))],
  // scaleShift
  ["[ScaleShift] expected min <= max, got min 1, max 0", () => ops.scaleShift(x(3), { min: 1, max: 0 })],
  ["[ScaleShift] expected a finite scale and shift, got NaN and 0", () => ops.scaleShift(x(3), { scale: NaN })],
  // smoothL1
  ["[SmoothL1] expected target [2, 3], got [6]", () => ops.smoothL1(x(2, 3), x(6))],
  // softTargetCrossEntropy
  ["[SoftTargetCrossEntropy] expected logits [M, V], got [6]", () => ops.softTargetCrossEntropy(x(6), x(6))],
  ["[SoftTargetCrossEntropy] expected targets [2, 3], got [2]", () => ops.softTargetCrossEntropy(x(2, 3), x(2))],
  [
    "[SoftTargetCrossEntropy] expected logits [M, V] with M and V at least 1, got [2, 0]",
    () => ops.softTargetCrossEntropy(x(2, 0), x(2, 0)),
  ],
  // upsampleNearest
  ["[UpsampleNearest] expected x [B, H, W, C], got [4, 4]", () => ops.upsampleNearest(x(4, 4))],
  [
    "[UpsampleNearest] expected a factor of at least 1, got 1.5",
    () => ops.upsampleNearest(x(1, 4, 4, 3), { factor: 1.5 }),
  ],
];

it.each(refused)("%s", (message, call) => {
  expect(call).toThrow(new Error(message));
});
