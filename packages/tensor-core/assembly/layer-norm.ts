// Layer normalization, rows [begin, end). Two passes over centered values: E[x^2] - mean^2 would cancel. Where the values differ
// by little, the mean's own rounding would show: it is made again from the centered values, exact for one repeated value.
import { at, multiplyAdd, sumLanes } from "./lanes";

/** Values whose deviation is below 1 / 256 of their mean: rounding in the mean is up to some 1e-6 of it. */
const NARROW: f32 = 1.0 / 65536;

export function layerNormForward(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, rstd: usize,
  width: i32, epsilon: f32, begin: i32, end: i32, thread: i32,
): void {
  const tail = width & ~3;
  for (let row = begin; row < end; row++) {
    const from = at(x, row * width);
    const to = at(y, row * width);
    let center = averageDifference(from, 0, width);
    let variance = varianceAround(from, center, width);
    if (variance < center * center * NARROW) {
      center += averageDifference(from, center, width);
      variance = varianceAround(from, center, width);
    }
    const scale: f32 = <f32>1 / sqrt<f32>(variance + epsilon);
    store<f32>(at(mean, row), center);
    store<f32>(at(rstd, row), scale);

    const centers = f32x4.splat(center);
    const scales = f32x4.splat(scale);
    for (let i = 0; i < tail; i += 4) {
      const h = f32x4.mul(f32x4.sub(v128.load(at(from, i)), centers), scales);
      v128.store(at(to, i), multiplyAdd(h, v128.load(at(gamma, i)), v128.load(at(beta, i))));
    }
    for (let i = tail; i < width; i++) {
      const h = (load<f32>(at(from, i)) - center) * scale;
      store<f32>(at(to, i), h * load<f32>(at(gamma, i)) + load<f32>(at(beta, i)));
    }
  }
}

function averageDifference(x: usize, from: f32, width: i32): f32 {
  const tail = width & ~3;
  const origin = f32x4.splat(from);
  let sums = f32x4.splat(0);
  for (let i = 0; i < tail; i += 4) sums = f32x4.add(sums, f32x4.sub(v128.load(at(x, i)), origin));
  let sum = sumLanes(sums);
  for (let i = tail; i < width; i++) sum += load<f32>(at(x, i)) - from;
  return sum / <f32>width;
}

function varianceAround(x: usize, center: f32, width: i32): f32 {
  const tail = width & ~3;
  const centers = f32x4.splat(center);
  let squares = f32x4.splat(0);
  for (let i = 0; i < tail; i += 4) {
    const d = f32x4.sub(v128.load(at(x, i)), centers);
    squares = multiplyAdd(d, d, squares);
  }
  let square = sumLanes(squares);
  for (let i = tail; i < width; i++) {
    const d = load<f32>(at(x, i)) - center;
    square += d * d;
  }
  return square / <f32>width;
}

// Row chunks [begin, end): dx of their rows, and partial sums of dgamma and dbeta at partials + chunk * 2 * width.
export function layerNormBackward(
  dy: usize, x: usize, gamma: usize, mean: usize, rstd: usize, dx: usize, partials: usize,
  width: i32, rows: i32, chunk: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let c = begin; c < end; c++) {
    const dgamma = at(partials, c * 2 * width);
    const dbeta = at(dgamma, width);
    memory.fill(dgamma, 0, <usize>width * 8);
    const last = min(rows, (c + 1) * chunk);
    for (let row = c * chunk; row < last; row++) {
      backwardRow(
        at(dy, row * width), at(x, row * width), gamma, load<f32>(at(mean, row)), load<f32>(at(rstd, row)),
        dx ? at(dx, row * width) : 0, dgamma, dbeta, width,
      );
    }
  }
}

function backwardRow(
  dy: usize, x: usize, gamma: usize, center: f32, scale: f32, dx: usize, dgamma: usize, dbeta: usize, width: i32,
): void {
  const tail = width & ~3;
  const centers = f32x4.splat(center);
  const scales = f32x4.splat(scale);
  let sums = f32x4.splat(0);
  let sumsNormalized = f32x4.splat(0);
  for (let i = 0; i < tail; i += 4) {
    const g = v128.load(at(dy, i));
    const h = f32x4.mul(f32x4.sub(v128.load(at(x, i)), centers), scales);
    const weighted = f32x4.mul(g, v128.load(at(gamma, i)));
    sums = f32x4.add(sums, weighted);
    sumsNormalized = multiplyAdd(weighted, h, sumsNormalized);
    v128.store(at(dgamma, i), multiplyAdd(g, h, v128.load(at(dgamma, i))));
    v128.store(at(dbeta, i), f32x4.add(g, v128.load(at(dbeta, i))));
  }
  let sum = sumLanes(sums);
  let sumNormalized = sumLanes(sumsNormalized);
  for (let i = tail; i < width; i++) {
    const g = load<f32>(at(dy, i));
    const h = (load<f32>(at(x, i)) - center) * scale;
    const weighted = g * load<f32>(at(gamma, i));
    sum += weighted;
    sumNormalized += weighted * h;
    store<f32>(at(dgamma, i), load<f32>(at(dgamma, i)) + g * h);
    store<f32>(at(dbeta, i), load<f32>(at(dbeta, i)) + g);
  }
  if (!dx) return;
  sum /= <f32>width;
  sumNormalized /= <f32>width;
  const averages = f32x4.splat(sum);
  const slopes = f32x4.splat(sumNormalized);
  for (let i = 0; i < tail; i += 4) {
    const h = f32x4.mul(f32x4.sub(v128.load(at(x, i)), centers), scales);
    const weighted = f32x4.mul(v128.load(at(dy, i)), v128.load(at(gamma, i)));
    v128.store(at(dx, i), f32x4.mul(scales, f32x4.sub(f32x4.sub(weighted, averages), f32x4.mul(h, slopes))));
  }
  for (let i = tail; i < width; i++) {
    const h = (load<f32>(at(x, i)) - center) * scale;
    store<f32>(at(dx, i), scale * (load<f32>(at(dy, i)) * load<f32>(at(gamma, i)) - sum - h * sumNormalized));
  }
}

export function layerNormReduce(partials: usize, dgamma: usize, dbeta: usize, width: i32, chunks: i32): void {
  for (let i = 0; i < width; i++) {
    let gamma: f32 = 0;
    let beta: f32 = 0;
    for (let c = 0; c < chunks; c++) {
      gamma += load<f32>(at(partials, c * 2 * width + i));
      beta += load<f32>(at(partials, c * 2 * width + width + i));
    }
    if (dgamma) store<f32>(at(dgamma, i), gamma);
    if (dbeta) store<f32>(at(dbeta, i), beta);
  }
}
