// Nearest-neighbor upsampling, channels last; a row is one of the B * H rows of x and the `factor` rows of y it becomes.
import { at } from "./lanes";

/** Rows [begin, end) of x. `width` is that of x. */
export function upsampleNearestForward(
  x: usize, y: usize, width: i32, channels: i32, factor: i32, begin: i32, end: i32, thread: i32,
): void {
  const rowLength = width * factor * channels;
  for (let row = begin; row < end; row++) {
    const first = at(y, row * factor * rowLength);
    for (let column = 0; column < width; column++) {
      const from = at(x, (row * width + column) * channels);
      for (let k = 0; k < factor; k++) copyPixel(from, at(first, (column * factor + k) * channels), channels);
    }
    for (let k = 1; k < factor; k++) memory.copy(at(first, k * rowLength), first, (<usize>rowLength) << 2);
  }
}

// @ts-ignore: decorator
@inline function copyPixel(from: usize, to: usize, channels: i32): void {
  let c = 0;
  for (; c + 4 <= channels; c += 4) v128.store(at(to, c), v128.load(at(from, c)));
  for (; c < channels; c++) store<f32>(at(to, c), load<f32>(at(from, c)));
}

/** Rows [begin, end) of dx: sums of factor x factor squares of dy. */
export function upsampleNearestBackward(
  dy: usize, dx: usize, width: i32, channels: i32, factor: i32, begin: i32, end: i32, thread: i32,
): void {
  const rowLength = width * factor * channels;
  for (let row = begin; row < end; row++) {
    for (let column = 0; column < width; column++) {
      const square = at(dy, row * factor * rowLength + column * factor * channels);
      sumSquare(square, at(dx, (row * width + column) * channels), rowLength, channels, factor);
    }
  }
}

// @ts-ignore: decorator
@inline function sumSquare(square: usize, to: usize, rowLength: i32, channels: i32, factor: i32): void {
  let c = 0;
  for (; c + 4 <= channels; c += 4) {
    let sum = f32x4.splat(0);
    for (let r = 0; r < factor; r++) {
      for (let k = 0; k < factor; k++) sum = f32x4.add(sum, v128.load(at(square, r * rowLength + k * channels + c)));
    }
    v128.store(at(to, c), sum);
  }
  for (; c < channels; c++) {
    let sum: f32 = 0;
    for (let r = 0; r < factor; r++) {
      for (let k = 0; k < factor; k++) sum += load<f32>(at(square, r * rowLength + k * channels + c));
    }
    store<f32>(at(to, c), sum);
  }
}
