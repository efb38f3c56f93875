// Gumbel noise from Philox words, groups [begin, end) of sixteen elements: g = -ln(-ln u), u = (word + 1/2) / 2^32.
import { at } from "./lanes";
import { exponentOf4, logOfNormal4, logOfParts4, mantissaOf4 } from "./logarithm";
import { philox16 } from "./philox";

/** `spare`: 64 bytes per thread, for the last, incomplete group. */
export function gumbelNoiseForward(
  noise: usize, spare: usize, size: i32, index: i32, epoch: i32, stream: i32, keyLow: i32, keyHigh: i32,
  begin: i32, end: i32, thread: i32,
): void {
  for (let group = begin; group < end; group++) {
    const first = group << 4;
    const whole = first + 16 <= size;
    const to = whole ? at(noise, first) : spare + ((<usize>thread) << 6);
    philox16(to, group << 2, index, epoch, stream, keyLow, keyHigh);
    for (let offset: usize = 0; offset < 64; offset += 16) v128.store(to + offset, gumbel4(v128.load(to + offset)));
    if (!whole) memory.copy(at(noise, first), to, (<usize>(size - first)) << 2);
  }
}

// With d the distance of u to the nearer of 0 and 1, which the word or its complement gives without cancellation, ln u is
// ln d below 1/2 and ln(1 - d) above; for small d straight from the polynomial: ln(1 + f), f = -d.
// @ts-ignore: decorator
@inline function gumbel4(words: v128): v128 {
  const upper = i32x4.shr_s(words, 31);
  const nearest = f32x4.convert_i32x4_s(v128.xor(words, upper));
  const d = f32x4.mul(f32x4.add(nearest, f32x4.splat(0.5)), f32x4.splat(2.3283064365386963e-10));
  const u = v128.bitselect(f32x4.sub(f32x4.splat(1), d), d, upper);
  const small = v128.and(upper, f32x4.lt(d, f32x4.splat(0.29)));
  const exponent = exponentOf4(u);
  const f = v128.bitselect(f32x4.neg(d), f32x4.sub(mantissaOf4(u, exponent), f32x4.splat(1)), small);
  const logarithm = logOfParts4(f, v128.andnot(f32x4.convert_i32x4_s(exponent), small));
  return f32x4.neg(logOfNormal4(f32x4.neg(logarithm)));
}
