// Gumbel-softmax over rows [begin, end) of `width` scores (logits + noise) / temperature.
import { at, exp4, maxLanes, multiplyAdd, sumLanes } from "./lanes";
import { loadTail, storeTail } from "./tail";

/** The soft sample to `soft`; where `hard` is given, its one-hot to `hard`. */
export function gumbelSoftmaxForward(
  logits: usize, noise: usize, soft: usize, hard: usize, width: i32, temperature: f32, begin: i32, end: i32, thread: i32,
): void {
  for (let row = begin; row < end; row++) {
    const offset = row * width;
    const to = at(soft, offset);
    const largest = storeScores(at(logits, offset), at(noise, offset), to, width, temperature);
    if (hard) {
      memory.fill(at(hard, offset), 0, (<usize>width) << 2);
      store<f32>(at(hard, offset + firstEqual(to, width, largest)), 1);
    }
    scaleRow(to, width, <f32>1 / storeExponentials(to, width, largest));
  }
}

// A NaN among the scores makes the largest NaN, and so the whole row.
function storeScores(logits: usize, noise: usize, to: usize, width: i32, temperature: f32): f32 {
  const divisor = f32x4.splat(temperature);
  let largest = f32x4.splat(-Infinity);
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    const score = f32x4.div(f32x4.add(v128.load(at(logits, i)), v128.load(at(noise, i))), divisor);
    v128.store(at(to, i), score);
    largest = f32x4.max(largest, score);
  }
  if (i < width) {
    const values = loadTail(at(logits, i), width - i, -Infinity);
    const score = f32x4.div(f32x4.add(values, loadTail(at(noise, i), width - i, 0)), divisor);
    storeTail(at(to, i), score, width - i);
    largest = f32x4.max(largest, score);
  }
  return maxLanes(largest);
}

function storeExponentials(row: usize, width: i32, largest: f32): f32 {
  const shift = f32x4.splat(largest);
  let sums = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    const value = exp4(f32x4.sub(v128.load(at(row, i)), shift));
    v128.store(at(row, i), value);
    sums = f32x4.add(sums, value);
  }
  if (i < width) {
    const value = exp4(f32x4.sub(loadTail(at(row, i), width - i, -Infinity), shift));
    storeTail(at(row, i), value, width - i);
    sums = f32x4.add(sums, value);
  }
  return sumLanes(sums);
}

function scaleRow(row: usize, width: i32, scale: f32): void {
  const scales = f32x4.splat(scale);
  let i = 0;
  for (; i + 4 <= width; i += 4) v128.store(at(row, i), f32x4.mul(v128.load(at(row, i)), scales));
  for (; i < width; i++) store<f32>(at(row, i), load<f32>(at(row, i)) * scale);
}

function firstEqual(row: usize, width: i32, value: f32): i32 {
  for (let i = 0; i < width; i++) if (load<f32>(at(row, i)) == value) return i;
  return 0;
}

/** dlogits and dnoise (the same values; each where asked for) from the soft sample. */
export function gumbelSoftmaxBackward(
  dy: usize, soft: usize, dlogits: usize, dnoise: usize, width: i32, temperature: f32, begin: i32, end: i32, thread: i32,
): void {
  for (let row = begin; row < end; row++) {
    const offset = row * width;
    const to = at(dlogits ? dlogits : dnoise, offset);
    softmaxGradient(at(dy, offset), at(soft, offset), to, width, <f32>1 / temperature);
    if (dlogits && dnoise) memory.copy(at(dnoise, offset), to, (<usize>width) << 2);
  }
}

function softmaxGradient(dy: usize, soft: usize, to: usize, width: i32, scale: f32): void {
  let sums = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= width; i += 4) sums = multiplyAdd(v128.load(at(soft, i)), v128.load(at(dy, i)), sums);
  let mean = sumLanes(sums);
  for (; i < width; i++) mean += load<f32>(at(soft, i)) * load<f32>(at(dy, i));
  const means = f32x4.splat(mean);
  const scales = f32x4.splat(scale);
  for (i = 0; i + 4 <= width; i += 4) {
    const centered = f32x4.sub(v128.load(at(dy, i)), means);
    v128.store(at(to, i), f32x4.mul(f32x4.mul(v128.load(at(soft, i)), centered), scales));
  }
  for (; i < width; i++) store<f32>(at(to, i), load<f32>(at(soft, i)) * (load<f32>(at(dy, i)) - mean) * scale);
}
