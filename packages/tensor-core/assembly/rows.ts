// Rows of floats. A vector loop beats memory.copy on rows of a few hundred bytes.
import { at } from "./lanes";

/** to = from */
export function copyRow(to: usize, from: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(at(to, i), v128.load(at(from, i)));
  for (; i < count; i++) store<f32>(at(to, i), load<f32>(at(from, i)));
}

/** to += from */
export function addRow(to: usize, from: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(at(to, i), f32x4.add(v128.load(at(to, i)), v128.load(at(from, i))));
  for (; i < count; i++) store<f32>(at(to, i), load<f32>(at(to, i)) + load<f32>(at(from, i)));
}

/** to *= factor */
export function scaleRow(to: usize, factor: f32, count: i32): void {
  const factors = f32x4.splat(factor);
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(at(to, i), f32x4.mul(v128.load(at(to, i)), factors));
  for (; i < count; i++) store<f32>(at(to, i), load<f32>(at(to, i)) * factor);
}
