// z = x + scale * y, elements [begin, end). A multiply and an add in every build, so that scale 1 adds exactly.
import { at } from "./lanes";

export function addScaledForward(x: usize, y: usize, z: usize, scale: f32, begin: i32, end: i32, thread: i32): void {
  const factor = f32x4.splat(scale);
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    v128.store(at(z, i), f32x4.add(v128.load(at(x, i)), f32x4.mul(factor, v128.load(at(y, i)))));
  }
  for (; i < end; i++) store<f32>(at(z, i), load<f32>(at(x, i)) + scale * load<f32>(at(y, i)));
}

/** dx = dz where asked for (the tape usually passes dz on), dy = scale * dz. */
export function addScaledBackward(dz: usize, dx: usize, dy: usize, scale: f32, begin: i32, end: i32, thread: i32): void {
  if (dx) memory.copy(at(dx, begin), at(dz, begin), (<usize>(end - begin)) << 2);
  if (!dy) return;
  const factor = f32x4.splat(scale);
  let i = begin;
  for (; i + 4 <= end; i += 4) v128.store(at(dy, i), f32x4.mul(factor, v128.load(at(dz, i))));
  for (; i < end; i++) store<f32>(at(dy, i), scale * load<f32>(at(dz, i)));
}
