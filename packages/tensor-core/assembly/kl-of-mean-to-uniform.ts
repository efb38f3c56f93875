// KL divergence of the mean token distribution from uniform. The mean is summed over fixed chunks of rows, so that it
// does not depend on the number of threads; a row's exponentials wait in scratch between their two uses.
import { at, exp4, multiplyAdd, sumLanes } from "./lanes";
import { largestOf } from "./kl-to-uniform";
import { log4 } from "./logarithm";
import { loadTail, storeTail } from "./tail";

/** Chunks [begin, end): sums of softmax rows at partials + chunk * 2 * width, each followed by a row of scratch. */
export function klOfMeanPartials(
  logits: usize, partials: usize, width: i32, rows: i32, chunk: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let c = begin; c < end; c++) {
    const sums = at(partials, c * 2 * width);
    const scratch = at(sums, width);
    memory.fill(sums, 0, <usize>width << 2);
    const last = min(rows, (c + 1) * chunk);
    for (let row = c * chunk; row < last; row++) {
      const share: f32 = <f32>1 / exponentials(at(logits, row * width), scratch, width);
      let i = 0;
      for (; i + 4 <= width; i += 4) {
        const sum = multiplyAdd(v128.load(at(scratch, i)), f32x4.splat(share), v128.load(at(sums, i)));
        v128.store(at(sums, i), sum);
      }
      for (; i < width; i++) store<f32>(at(sums, i), load<f32>(at(sums, i)) + load<f32>(at(scratch, i)) * share);
    }
  }
}

/** The mean p [width] out of the chunks' sums, and the divergence sum p ln(p width). */
export function klOfMeanReduce(partials: usize, mean: usize, loss: usize, width: i32, rows: i32, chunks: i32): void {
  let divergence: f64 = 0;
  for (let i = 0; i < width; i++) {
    let sum: f64 = 0;
    for (let c = 0; c < chunks; c++) sum += load<f32>(at(partials, c * 2 * width + i));
    const p = <f32>(sum / <f64>rows);
    store<f32>(at(mean, i), p);
    if (p > 0) divergence += <f64>p * f32x4.extract_lane(log4(f32x4.splat(p * <f32>width)), 0);
  }
  store<f32>(loss, <f32>divergence);
}

/** ln p; entries that no row ever takes get the logarithm of the smallest normal number instead of -Infinity. */
export function klOfMeanLogarithms(mean: usize, logarithms: usize, width: i32): void {
  for (let i = 0; i < width; i++) {
    const p = max<f32>(load<f32>(at(mean, i)), 1.1754943508222875e-38);
    store<f32>(at(logarithms, i), f32x4.extract_lane(log4(f32x4.splat(p)), 0));
  }
}

/** Rows [begin, end): dlogits = dloss / rows * q * (ln p - sum q ln p). `scratch` has a row for every thread. */
export function klOfMeanBackward(
  dloss: usize, logits: usize, logarithms: usize, dlogits: usize, scratch: usize, width: i32, rows: i32,
  begin: i32, end: i32, thread: i32,
): void {
  const row4 = at(scratch, thread * width);
  const scale: f32 = load<f32>(dloss) / <f32>rows;
  for (let row = begin; row < end; row++) {
    const share: f32 = <f32>1 / exponentials(at(logits, row * width), row4, width);
    const center = share * dot(row4, logarithms, width);
    const to = at(dlogits, row * width);
    const factor = f32x4.splat(scale * share);
    const centers = f32x4.splat(center);
    let i = 0;
    for (; i + 4 <= width; i += 4) {
      const g = f32x4.sub(v128.load(at(logarithms, i)), centers);
      v128.store(at(to, i), f32x4.mul(f32x4.mul(factor, v128.load(at(row4, i))), g));
    }
    for (; i < width; i++) {
      store<f32>(at(to, i), scale * share * load<f32>(at(row4, i)) * (load<f32>(at(logarithms, i)) - center));
    }
  }
}

// e^(z - max) of a row into `to`; returns their sum.
function exponentials(from: usize, to: usize, width: i32): f32 {
  const shift = f32x4.splat(largestOf(from, width));
  let sums = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    const e = exp4(f32x4.sub(v128.load(at(from, i)), shift));
    v128.store(at(to, i), e);
    sums = f32x4.add(sums, e);
  }
  if (i < width) {
    const e = exp4(f32x4.sub(loadTail(at(from, i), width - i, -Infinity), shift));
    storeTail(at(to, i), e, width - i);
    sums = f32x4.add(sums, e);
  }
  return sumLanes(sums);
}

function dot(a: usize, b: usize, width: i32): f32 {
  let sums = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= width; i += 4) sums = multiplyAdd(v128.load(at(a, i)), v128.load(at(b, i)), sums);
  let sum = sumLanes(sums);
  for (; i < width; i++) sum += load<f32>(at(a, i)) * load<f32>(at(b, i));
  return sum;
}
