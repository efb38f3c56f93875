// What this machine can do at most in 128-bit WebAssembly: multiply-adds that touch registers only. Twelve independent
// chains hide the latency of both instructions and still fit the sixteen registers of x86.

function step(sum: v128, factor: v128, term: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(sum, factor, term);
  return f32x4.add(f32x4.mul(sum, factor), term);
}

/**
 * 12 multiply-adds of four numbers, `count` times. The sum is only there to be asked for. `scale` is an argument because V8
 * from 12 on makes a constant anew at every use of it, which halves the figure.
 */
export function multiplyAdd(count: i32, start: f32, scale: f32): f32 {
  const factor = f32x4.splat(scale);
  const term = f32x4.splat(start);
  let s0 = f32x4.splat(1),
    s1 = f32x4.splat(2),
    s2 = f32x4.splat(3),
    s3 = f32x4.splat(4);
  let s4 = f32x4.splat(5),
    s5 = f32x4.splat(6),
    s6 = f32x4.splat(7),
    s7 = f32x4.splat(8);
  let s8 = f32x4.splat(9),
    s9 = f32x4.splat(10),
    s10 = f32x4.splat(11),
    s11 = f32x4.splat(12);
  for (let i = 0; i < count; i++) {
    s0 = step(s0, factor, term);
    s1 = step(s1, factor, term);
    s2 = step(s2, factor, term);
    s3 = step(s3, factor, term);
    s4 = step(s4, factor, term);
    s5 = step(s5, factor, term);
    s6 = step(s6, factor, term);
    s7 = step(s7, factor, term);
    s8 = step(s8, factor, term);
    s9 = step(s9, factor, term);
    s10 = step(s10, factor, term);
    s11 = step(s11, factor, term);
  }
  const low = f32x4.add(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), f32x4.add(s4, s5));
  const high = f32x4.add(f32x4.add(f32x4.add(s6, s7), f32x4.add(s8, s9)), f32x4.add(s10, s11));
  return f32x4.extract_lane(f32x4.add(low, high), 0);
}
