// Packing for the matrix product: a strided matrix becomes panels of `width` lanes, [lanes / width][depth][width], so
// that the inner loop reads memory in order. Lanes are rows of the left factor (width 4) or columns of the right (8 or 16).
import { at } from "./lanes";

/** Packs values (lane, d) at from[lane * laneStride + d * depthStride]; lanes missing in the last panel become zeros. */
export function packPanels(
  from: usize, laneStride: i32, depthStride: i32, lanes: i32, depth: i32, to: usize, width: i32, panelBytes: usize,
): void {
  for (let lane = 0; lane < lanes; lane += width) {
    const source = at(from, lane * laneStride);
    const valid = min(width, lanes - lane);
    if (valid < width) packValues(source, laneStride, depthStride, valid, 0, depth, to, width);
    else if (laneStride == 1) copyPanel(source, depthStride, depth, to, width);
    else if (depthStride == 1) transposePanel(source, laneStride, depth, to, width);
    else packValues(source, laneStride, depthStride, valid, 0, depth, to, width);
    to += panelBytes;
  }
}

function packValues(
  from: usize, laneStride: i32, depthStride: i32, valid: i32, first: i32, depth: i32, to: usize, width: i32,
): void {
  for (let d = first; d < depth; d++) {
    const target = at(to, d * width);
    let source = at(from, d * depthStride);
    let lane = 0;
    for (; lane < valid; lane++) {
      store<f32>(at(target, lane), load<f32>(source));
      source = at(source, laneStride);
    }
    for (; lane < width; lane++) store<f32>(at(target, lane), 0);
  }
}

function copyPanel(from: usize, depthStride: i32, depth: i32, to: usize, width: i32): void {
  const step = (<usize>depthStride) << 2;
  const end = at(to, depth * width);
  if (width == 4) {
    for (; to < end; to += 16) {
      v128.store(to, v128.load(from));
      from += step;
    }
    return;
  }
  for (; to < end; to += (<usize>width) << 2) {
    const c0 = v128.load(from);
    const c1 = v128.load(from, 16);
    v128.store(to, c0);
    v128.store(to, c1, 16);
    if (ASC_FEATURE_RELAXED_SIMD && width == 16) {
      const c2 = v128.load(from, 32);
      const c3 = v128.load(from, 48);
      v128.store(to, c2, 32);
      v128.store(to, c3, 48);
    }
    from += step;
  }
}

// Four lanes at a time: 4 x 4 blocks are loaded along the depth and turned.
function transposePanel(from: usize, laneStride: i32, depth: i32, to: usize, width: i32): void {
  const tail = depth & ~3;
  const step = (<usize>width) << 2;
  for (let lane = 0; lane < width; lane += 4) {
    const source = at(from, lane * laneStride);
    const third = at(source, 2 * laneStride);
    transposeLanes(source, at(source, laneStride), third, at(third, laneStride), tail, at(to, lane), step);
  }
  packValues(from, laneStride, 1, width, tail, depth, to, width);
}

// Four rows of `depth` (a multiple of 4) values become `depth` groups of four, `step` bytes apart.
// @ts-ignore: decorator
@inline function transposeLanes(
  r0: usize, r1: usize, r2: usize, r3: usize, depth: i32, to: usize, step: usize,
): void {
  const end = at(r0, depth);
  while (r0 < end) {
    const a = v128.load(r0);
    const b = v128.load(r1);
    const c = v128.load(r2);
    const d = v128.load(r3);
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
    v128.store(to + step, v128.shuffle<i64>(ab, cd, 1, 3));
    v128.store(to + 2 * step, v128.shuffle<i64>(abHigh, cdHigh, 0, 2));
    v128.store(to + 3 * step, v128.shuffle<i64>(abHigh, cdHigh, 1, 3));
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
    to += 4 * step;
  }
}

export function copyFloats(from: usize, to: usize, count: i32): void {
  const end = at(to, count);
  for (; to + 16 <= end; to += 16) {
    v128.store(to, v128.load(from));
    from += 16;
  }
  for (; to < end; to += 4) {
    store<f32>(to, load<f32>(from));
    from += 4;
  }
}
