// Cross-entropy of rows [begin, end) of [rows, width] logits against weights of all entries.
import { at, exp4, multiplyAdd, sumLanes } from "./lanes";
import { logOfNormal4 } from "./logarithm";
import { largestOfRow, sumOfExponentials } from "./log-sum-exp";
import { loadUpTo, storeUpTo } from "./tail";

/** logSumExp, the largest logit and ln(sum(exp(logit - largest))), the sum of targets and the loss of each row. */
export function softTargetCrossEntropyForward(
  logits: usize, targets: usize, logSumExp: usize, mass: usize, losses: usize, width: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let row = begin; row < end; row++) {
    const from = at(logits, row * width);
    const aims = at(targets, row * width);
    const largest = largestOfRow(from, width);
    const log = f32x4.extract_lane(logOfNormal4(f32x4.splat(sumOfExponentials(from, largest, width))), 0);
    store<f32>(at(logSumExp, row * 2), largest);
    store<f32>(at(logSumExp, row * 2 + 1), log);
    const shift = f32x4.splat(largest);
    const logs = f32x4.splat(log);
    let sums = f32x4.splat(0);
    let costs = f32x4.splat(0);
    for (let i = 0; i < width; i += 4) {
      const aim = loadUpTo(at(aims, i), width - i, 0);
      const x = loadUpTo(at(from, i), width - i, largest);
      sums = f32x4.add(sums, aim);
      // Everything relative to the largest logit: a common offset costs no digits.
      costs = multiplyAdd(aim, f32x4.sub(logs, f32x4.sub(x, shift)), costs);
    }
    store<f32>(at(mass, row), sumLanes(sums));
    store<f32>(at(losses, row), sumLanes(costs));
  }
}

/** dlogits = (mass softmax - targets) dloss / rows, dtargets = -ln softmax dloss / rows */
export function softTargetCrossEntropyBackward(
  dloss: usize, logits: usize, targets: usize, logSumExp: usize, mass: usize, dlogits: usize, dtargets: usize, rows: i32, width: i32,
  begin: i32, end: i32, thread: i32,
): void {
  const scales = f32x4.splat(load<f32>(dloss) / <f32>rows);
  for (let row = begin; row < end; row++) {
    const largest = load<f32>(at(logSumExp, row * 2));
    const shift = f32x4.splat(largest);
    const logs = f32x4.splat(load<f32>(at(logSumExp, row * 2 + 1)));
    const masses = f32x4.splat(load<f32>(at(mass, row)));
    for (let i = 0; i < width; i += 4) {
      const place = row * width + i;
      const count = width - i;
      const aim = loadUpTo(at(targets, place), count, 0);
      const x = loadUpTo(at(logits, place), count, largest);
      const logProbability = f32x4.sub(f32x4.sub(x, shift), logs);
      const slope = f32x4.mul(f32x4.sub(f32x4.mul(masses, exp4(logProbability)), aim), scales);
      if (dlogits) storeUpTo(at(dlogits, place), slope, count);
      if (dtargets) storeUpTo(at(dtargets, place), f32x4.neg(f32x4.mul(logProbability, scales)), count);
    }
  }
}
