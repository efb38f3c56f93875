// Residual connection with layer scale and drop path; scale and keep are 0 where absent.
import { at, multiplyAdd } from "./lanes";
import { copyRow } from "./rows";

/** Rows [begin, end): y = x + keep * scale * branch. */
export function residualForward(
  x: usize, branch: usize, scale: usize, keep: usize, y: usize, rowsPerSample: i32, width: i32,
  begin: i32, end: i32, thread: i32,
): void {
  const tail = width & ~3;
  for (let row = begin; row < end; row++) {
    const kept = keptOf(keep, row / rowsPerSample);
    const factor = f32x4.splat(kept);
    const offset = row * width;
    for (let i = 0; i < tail; i += 4) {
      const weight = scale ? f32x4.mul(v128.load(at(scale, i)), factor) : factor;
      const sum = multiplyAdd(v128.load(at(branch, offset + i)), weight, v128.load(at(x, offset + i)));
      v128.store(at(y, offset + i), sum);
    }
    for (let i = tail; i < width; i++) {
      const weight: f32 = scale ? load<f32>(at(scale, i)) * kept : kept;
      store<f32>(at(y, offset + i), load<f32>(at(x, offset + i)) + load<f32>(at(branch, offset + i)) * weight);
    }
  }
}

/** Chunks [begin, end) of rows: dx, dbranch, and partial sums of dscale at partials + chunk * width. Each 0 if not wanted. */
export function residualBackward(
  dy: usize, branch: usize, scale: usize, keep: usize, dx: usize, dbranch: usize, partials: usize,
  rowsPerSample: i32, width: i32, rows: i32, chunk: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let c = begin; c < end; c++) {
    const sums = partials ? at(partials, c * width) : 0;
    if (sums) memory.fill(sums, 0, (<usize>width) << 2);
    const last = min(rows, (c + 1) * chunk);
    for (let row = c * chunk; row < last; row++) {
      const kept = keptOf(keep, row / rowsPerSample);
      const offset = row * width;
      if (dx) copyRow(at(dx, offset), at(dy, offset), width);
      if (dbranch) branchGradient(at(dy, offset), scale, kept, at(dbranch, offset), width);
      if (sums) addProducts(at(dy, offset), at(branch, offset), kept, sums, width);
    }
  }
}

/** Samples [begin, end): dkeep = sum of dy * scale * branch, row by row in float64. */
export function residualKeepGradient(
  dy: usize, branch: usize, scale: usize, dkeep: usize, rowsPerSample: i32, width: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let b = begin; b < end; b++) {
    let sum: f64 = 0;
    for (let row = b * rowsPerSample; row < (b + 1) * rowsPerSample; row++) {
      for (let i = 0; i < width; i++) {
        const product: f32 = load<f32>(at(dy, row * width + i)) * load<f32>(at(branch, row * width + i));
        sum += scale ? product * load<f32>(at(scale, i)) : product;
      }
    }
    store<f32>(at(dkeep, b), <f32>sum);
  }
}

function branchGradient(dy: usize, scale: usize, kept: f32, to: usize, width: i32): void {
  const factor = f32x4.splat(kept);
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    const weight = scale ? f32x4.mul(v128.load(at(scale, i)), factor) : factor;
    v128.store(at(to, i), f32x4.mul(v128.load(at(dy, i)), weight));
  }
  for (; i < width; i++) store<f32>(at(to, i), load<f32>(at(dy, i)) * (scale ? load<f32>(at(scale, i)) * kept : kept));
}

function addProducts(dy: usize, branch: usize, kept: f32, sums: usize, width: i32): void {
  const factor = f32x4.splat(kept);
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    const weighted = f32x4.mul(v128.load(at(dy, i)), factor);
    v128.store(at(sums, i), multiplyAdd(weighted, v128.load(at(branch, i)), v128.load(at(sums, i))));
  }
  for (; i < width; i++) {
    const product: f32 = load<f32>(at(dy, i)) * kept * load<f32>(at(branch, i));
    store<f32>(at(sums, i), load<f32>(at(sums, i)) + product);
  }
}

// @ts-ignore: decorator
@inline function keptOf(keep: usize, sample: i32): f32 {
  return keep ? load<f32>(at(keep, sample)) : 1;
}
