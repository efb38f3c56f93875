// Cross-entropy of rows [begin, end) of [rows, width] logits. A target outside [0, width) gives NaN: memory stays safe,
// the fault visible.
import { at, exp4, exp4Once, isExactEnough, sumLanes } from "./lanes";
import { largestOfRow, sumOfExponentials } from "./log-sum-exp";
import { logOfNormal4 } from "./logarithm";
import { loadTail, storeTail } from "./tail";

/** logSumExp, the largest logit and ln(sum(exp(logit - largest))), and the loss of each row. */
export function crossEntropyForward(
  logits: usize, targets: usize, logSumExp: usize, losses: usize, width: i32, smoothing: f32,
  begin: i32, end: i32, thread: i32,
): void {
  for (let row = begin; row < end; row++) {
    const from = at(logits, row * width);
    const largest = largestOfRow(from, width);
    const log = f32x4.extract_lane(logOfNormal4(f32x4.splat(sumOfExponentials(from, largest, width))), 0);
    store<f32>(at(logSumExp, row * 2), largest);
    store<f32>(at(logSumExp, row * 2 + 1), log);
    const target = load<i32>(at(targets, row));
    // Everything relative to the largest logit: a common offset costs no digits.
    let loss: f32 = <u32>target < <u32>width ? log - (1 - smoothing) * (load<f32>(at(from, target)) - largest) : NaN;
    if (smoothing != 0) loss -= smoothing * meanDifference(from, largest, width);
    store<f32>(at(losses, row), loss);
  }
}

/** dlogits = (softmax - smoothed target) * dloss / rows */
export function crossEntropyBackward(
  dloss: usize, logits: usize, targets: usize, logSumExp: usize, dlogits: usize, rows: i32, width: i32, smoothing: f32,
  begin: i32, end: i32, thread: i32,
): void {
  const scale: f32 = load<f32>(dloss) / <f32>rows;
  for (let row = begin; row < end; row++) {
    const to = at(dlogits, row * width);
    const target = load<i32>(at(targets, row));
    const largest = load<f32>(at(logSumExp, row * 2));
    const log = load<f32>(at(logSumExp, row * 2 + 1));
    const inOne = isExactEnough(largest + log);
    storeSoftmax(
      at(logits, row * width), inOne ? largest + log : largest, inOne ? 0 : log, to, smoothing / <f32>width, scale, width,
    );
    if (<u32>target < <u32>width) store<f32>(at(to, target), load<f32>(at(to, target)) - (1 - smoothing) * scale);
    else memory.fill(to, 0xff, (<usize>width) << 2);
  }
}

// dlogits = (exp(logits - largest - rest) - share) * scale
function storeSoftmax(
  logits: usize, largest: f32, rest: f32, dlogits: usize, share: f32, scale: f32, width: i32,
): void {
  const shift = f32x4.splat(largest);
  const rests = f32x4.splat(rest);
  const shares = f32x4.splat(share);
  const scales = f32x4.splat(scale);
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    const value = exp4(f32x4.sub(f32x4.sub(v128.load(at(logits, i)), shift), rests));
    v128.store(at(dlogits, i), f32x4.mul(f32x4.sub(value, shares), scales));
  }
  if (i == width) return;
  const value = exp4Once(f32x4.sub(f32x4.sub(loadTail(at(logits, i), width - i, 0), shift), rests));
  storeTail(at(dlogits, i), f32x4.mul(f32x4.sub(value, shares), scales), width - i);
}

function meanDifference(x: usize, largest: f32, width: i32): f32 {
  const shift = f32x4.splat(largest);
  let sums = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= width; i += 4) sums = f32x4.add(sums, f32x4.sub(v128.load(at(x, i)), shift));
  let sum = sumLanes(sums);
  for (; i < width; i++) sum += load<f32>(at(x, i)) - largest;
  return sum / <f32>width;
}
