import { at } from "./lanes";

// target += scale * source. A multiply and an add in every build, so that scale 1 adds exactly.
export function accumulate(target: usize, source: usize, scale: f32, begin: i32, end: i32, thread: i32): void {
  const factor = f32x4.splat(scale);
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    const sum = f32x4.add(v128.load(at(target, i)), f32x4.mul(factor, v128.load(at(source, i))));
    v128.store(at(target, i), sum);
  }
  for (; i < end; i++) store<f32>(at(target, i), load<f32>(at(target, i)) + scale * load<f32>(at(source, i)));
}
