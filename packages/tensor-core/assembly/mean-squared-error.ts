// Mean squared error: sums over chunks [begin, end) of the elements, and the gradient of elements [begin, end).
import { at } from "./lanes";
import { addDoubles, CHUNK, sumDoubles } from "./doubles";

export function meanSquaredErrorForward(
  x: usize, target: usize, partials: usize, size: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let chunk = begin; chunk < end; chunk++) {
    const last = min(size, (chunk + 1) * CHUNK);
    let sums = f64x2.splat(0);
    let i = chunk * CHUNK;
    for (; i + 4 <= last; i += 4) {
      const d = f32x4.sub(v128.load(at(x, i)), v128.load(at(target, i)));
      sums = addDoubles(sums, f32x4.mul(d, d));
    }
    let sum = sumDoubles(sums);
    for (; i < last; i++) {
      const d = load<f32>(at(x, i)) - load<f32>(at(target, i));
      sum += <f64>(d * d);
    }
    store<f64>(partials + ((<usize>chunk) << 3), sum);
  }
}

export function meanSquaredErrorBackward(
  dloss: usize, x: usize, target: usize, dx: usize, dtarget: usize, size: i32, begin: i32, end: i32, thread: i32,
): void {
  const scale: f32 = (load<f32>(dloss) * 2) / <f32>size;
  const scales = f32x4.splat(scale);
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    const gradient = f32x4.mul(scales, f32x4.sub(v128.load(at(x, i)), v128.load(at(target, i))));
    if (dx) v128.store(at(dx, i), gradient);
    if (dtarget) v128.store(at(dtarget, i), f32x4.neg(gradient));
  }
  for (; i < end; i++) {
    const gradient = scale * (load<f32>(at(x, i)) - load<f32>(at(target, i)));
    if (dx) store<f32>(at(dx, i), gradient);
    if (dtarget) store<f32>(at(dtarget, i), -gradient);
  }
}
