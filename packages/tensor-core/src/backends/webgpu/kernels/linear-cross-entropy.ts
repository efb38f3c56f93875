// Some rows at a time: their logits, then what is wanted of them. The way back makes the logits once more.
import { linearCrossEntropyOp } from "../../../ops/linear-cross-entropy.ts";
import { implement, type Gpu, type Place } from "../context.ts";
import { PART_ALIGNMENT } from "../memory.ts";
import { addInto } from "./accumulate.ts";
import { crossEntropyGradient, crossEntropyRows } from "./cross-entropy.ts";
import { multiply, type Factor } from "./product.ts";
import { addPartials, addRows } from "./reductions.ts";
import { eachRow } from "./rows.ts";

/** Logits kept at a time: 32 MiB; and rows, a multiple of what parts of buffers begin at. */
const MOST_LOGITS = 2 ** 23;
const MOST_ROWS = 1024;
const ROWS = PART_ALIGNMENT / 4;

export const linearCrossEntropyKernels = implement(linearCrossEntropyOp, {
  forward(gpu, { x, weight, bias, targets }, { loss, predictions, logSumExp }, { labelSmoothing }) {
    const [total] = targets.shape;
    const [width, depth] = weight.shape;
    const losses = gpu.scratch(total);
    const logarithms = logSumExp ?? gpu.scratch(total * 2);
    const piece = pieceOf(total, width);
    const logits = gpu.scratch(piece * width);
    const best = gpu.scratch(piece);
    for (const { first, rows } of pieces(total, piece)) {
      const left = { values: gpu.part(x, first * depth, rows * depth), byK: true, stride: depth };
      multiplyByWeight(gpu, left, { weight, bias, rows, width, depth, to: logits });
      const part = (of: Place): Place => gpu.part(of, first, rows);
      const to = { logSumExp: gpu.part(logarithms, first * 2, rows * 2), losses: part(losses) };
      crossEntropyRows(gpu, { logits, targets: part(targets), rows, width, labelSmoothing }, to);
      const dispatch = { reads: [logits, undefined], writes: [best, part(predictions)], sizes: [0, width, 0, 0] };
      eachRow(gpu, { shader: "argmax" }, { rows, width }, dispatch);
    }
    addPartials(gpu, losses, total, loss, 1 / total);
  },
  backward(gpu, { dloss, x, weight, bias, targets, logSumExp }, { dx, dweight, dbias }, { labelSmoothing }) {
    const [total] = targets.shape;
    const [width, depth] = weight.shape;
    const piece = pieceOf(total, width);
    const logits = gpu.scratch(piece * width);
    const dlogits = gpu.scratch(piece * width);
    const sumWeight = sumOfPieces(gpu, dweight, width * depth);
    const sumBias = sumOfPieces(gpu, dbias, width);
    for (const { first, rows } of pieces(total, piece)) {
      const values = gpu.part(x, first * depth, rows * depth);
      multiplyByWeight(gpu, { values, byK: true, stride: depth }, { weight, bias, rows, width, depth, to: logits });
      const part = (of: Place): Place => gpu.part(of, first, rows);
      const saved = { logits, targets: part(targets), rows, width, labelSmoothing };
      const parts = gpu.part(logSumExp, first * 2, rows * 2);
      crossEntropyGradient(gpu, { ...saved, logSumExp: parts, dloss, total }, dlogits);
      multiply(gpu, {
        ...{ rows, columns: depth, depth: width, to: dx && gpu.part(dx, first * depth, rows * depth) },
        left: { values: dlogits, byK: true, stride: width },
        right: { values: weight, byK: false, stride: depth },
      });
      sumWeight((to) =>
        multiply(gpu, {
          ...{ rows: width, columns: depth, depth: rows, to },
          left: { values: dlogits, byK: false, stride: width },
          right: { values, byK: false, stride: depth },
        }),
      );
      sumBias((to) => addRows(gpu, dlogits, rows, width, to));
    }
  },
});

/** Takes one summand after another, each made where it is told to. Makes none where the sum is not wanted. */
function sumOfPieces(gpu: Gpu, sum: Place | undefined, size: number): (make: (to: Place) => void) => void {
  let isFirst = true;
  let summand: Place | undefined;
  return (make) => {
    if (!sum) return;
    if (isFirst) make(sum);
    else {
      summand ??= gpu.scratch(size);
      make(summand);
      addInto(gpu, sum, summand, size);
    }
    isFirst = false;
  };
}

type Logits = {
  readonly weight: Place;
  readonly bias: Place | undefined;
  readonly rows: number;
  readonly width: number;
  readonly depth: number;
  readonly to: Place;
};

function multiplyByWeight(gpu: Gpu, left: Factor, { weight, bias, rows, width, depth, to }: Logits): void {
  const right = { values: weight, byK: true, stride: depth };
  multiply(gpu, { rows, columns: width, depth, left, right, bias, to });
}

function pieceOf(total: number, width: number): number {
  const most = Math.floor(MOST_LOGITS / width / ROWS) * ROWS;
  return Math.min(total, MOST_ROWS, Math.max(ROWS, most));
}

function* pieces(total: number, piece: number): Generator<{ readonly first: number; readonly rows: number }> {
  for (let first = 0; first < total; first += piece) yield { first, rows: Math.min(piece, total - first) };
}
