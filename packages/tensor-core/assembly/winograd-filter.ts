// The filter's side of winograd.ts: G g Gt of every 3 x 3 filter, in float64 because it is done once, laid out as the right
// factors of 36 matrix products, [36][channels / depth][outputs / 8][depth][8].
import { at } from "./lanes";

/**
 * Panels of 8 outputs [begin, end) of filter [outputs, 3, 3, channels]; `depth` (even) and `plane` as in Tiling, missing
 * outputs are zeros. `scratch` has 576 bytes for every thread.
 */
export function winogradFilter(
  filter: usize, to: usize, channels: i32, outputs: i32, depth: i32, plane: i32, scratch: usize,
  begin: i32, end: i32, thread: i32,
): void {
  const own = scratch + thread * 576;
  const width = (outputs + 7) & ~7;
  for (let panel = begin << 3; panel < end << 3; panel += 8) {
    for (let channel = 0; channel < channels; channel += 2) {
      const place = channel % depth;
      const first = channel - place;
      const entry = at(to, first * width + panel * min(depth, channels - first) + (place << 3));
      const isPair = channel + 1 < channels;
      for (let lane = 0; lane < 8; lane++) {
        const output = panel + lane;
        if (output < outputs) transformFilter(at(filter, output * 9 * channels + channel), channels, isPair, own);
        else memory.fill(own, 0, 576);
        let target = at(entry, lane);
        for (let value = own; value < own + 576; value += 16) {
          const pair = f32x4.demote_f64x2_zero(v128.load(value));
          v128.store32_lane(target, pair, 0);
          if (isPair) v128.store32_lane(target, pair, 1, 32);
          target += plane;
        }
      }
    }
  }
}

// 3 x 3 values of two channels (or one), `stride` floats apart, become 6 x 6 pairs of doubles at `to`; the 3 x 6 between lie
// at their end.
function transformFilter(filter: usize, stride: i32, isPair: bool, to: usize): void {
  const steps = to + 288;
  for (let j = 0; j < 3; j++) {
    const column = at(filter, j * stride);
    const g0 = loadPair(column, isPair);
    const g1 = loadPair(at(column, 3 * stride), isPair);
    transformThree(g0, g1, loadPair(at(column, 6 * stride), isPair), steps + (j << 4), 48);
  }
  for (let i = 0; i < 6; i++) {
    const step = steps + 48 * i;
    transformThree(v128.load(step), v128.load(step, 16), v128.load(step, 32), to + 96 * i, 16);
  }
}

function loadPair(address: usize, isPair: bool): v128 {
  return f64x2.promote_low_f32x4(isPair ? v128.load64_zero(address) : v128.load32_zero(address));
}

// Rows of G: (1, p, p^2) over the product of the distances of the point p from the others, for 0, +-a, +-b; then infinity.
function transformThree(g0: v128, g1: v128, g2: v128, to: usize, stride: i32): void {
  const a2: f64 = 0.390625;
  const b2: f64 = 2.25;
  const even0 = scale(f64x2.add(g0, scale(g2, a2)), 1 / (2 * a2 * (a2 - b2)));
  const odd0 = scale(g1, 0.625 / (2 * a2 * (a2 - b2)));
  const even1 = scale(f64x2.add(g0, scale(g2, b2)), 1 / (2 * b2 * (b2 - a2)));
  const odd1 = scale(g1, 1.5 / (2 * b2 * (b2 - a2)));
  v128.store(to, scale(g0, 1 / (a2 * b2)));
  v128.store(to + stride, f64x2.add(even0, odd0));
  v128.store(to + 2 * stride, f64x2.sub(even0, odd0));
  v128.store(to + 3 * stride, f64x2.add(even1, odd1));
  v128.store(to + 4 * stride, f64x2.sub(even1, odd1));
  v128.store(to + 5 * stride, g2);
}

// @ts-ignore: decorator
@inline function scale(v: v128, factor: f64): v128 {
  return f64x2.mul(v, f64x2.splat(factor));
}
