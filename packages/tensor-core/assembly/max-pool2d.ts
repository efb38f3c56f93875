// Max pooling of size x size windows, channels last; a row is one of the B * H / size rows of the output.
import { at } from "./lanes";

/** Rows [begin, end) of y, and of `place`: where in its window each maximum was. `width` is that of y. */
export function maxPool2dForward(
  x: usize, y: usize, place: usize, width: i32, channels: i32, size: i32, begin: i32, end: i32, thread: i32,
): void {
  const rowLength = width * size * channels;
  for (let row = begin; row < end; row++) {
    for (let column = 0; column < width; column++) {
      const window = at(x, row * size * rowLength + column * size * channels);
      const to = (row * width + column) * channels;
      let c = 0;
      for (; c + 4 <= channels; c += 4) pool4(at(window, c), at(y, to + c), at(place, to + c), rowLength, channels, size);
      for (; c < channels; c++) pool1(at(window, c), at(y, to + c), at(place, to + c), rowLength, channels, size);
    }
  }
}

// The first maximum wins, and a NaN is a maximum: as PyTorch does it.
// @ts-ignore: decorator
@inline function pool4(window: usize, y: usize, place: usize, rowLength: i32, channels: i32, size: i32): void {
  let best = v128.load(window);
  let where = i32x4.splat(0);
  for (let k = 1; k < size * size; k++) {
    const v = v128.load(at(window, (k / size) * rowLength + (k % size) * channels));
    const wins = v128.or(f32x4.gt(v, best), f32x4.ne(v, v));
    best = v128.bitselect(v, best, wins);
    where = v128.bitselect(i32x4.splat(k), where, wins);
  }
  v128.store(y, best);
  v128.store(place, where);
}

// @ts-ignore: decorator
@inline function pool1(window: usize, y: usize, place: usize, rowLength: i32, channels: i32, size: i32): void {
  let best = load<f32>(window);
  let where = 0;
  for (let k = 1; k < size * size; k++) {
    const v = load<f32>(at(window, (k / size) * rowLength + (k % size) * channels));
    if (v > best || v != v) {
      best = v;
      where = k;
    }
  }
  store<f32>(y, best);
  store<i32>(place, where);
}

/** Rows [begin, end) of dy, spread over dx. */
export function maxPool2dBackward(
  dy: usize, place: usize, dx: usize, width: i32, channels: i32, size: i32, begin: i32, end: i32, thread: i32,
): void {
  const rowLength = width * size * channels;
  for (let row = begin; row < end; row++) {
    for (let k = 0; k < size * size; k++) {
      const line = at(dx, (row * size + k / size) * rowLength + (k % size) * channels);
      for (let column = 0; column < width; column++) {
        const from = (row * width + column) * channels;
        spread(at(dy, from), at(place, from), at(line, column * size * channels), channels, k);
      }
    }
  }
}

// @ts-ignore: decorator
@inline function spread(dy: usize, place: usize, dx: usize, channels: i32, k: i32): void {
  const wanted = i32x4.splat(k);
  let c = 0;
  for (; c + 4 <= channels; c += 4) {
    v128.store(at(dx, c), v128.and(v128.load(at(dy, c)), i32x4.eq(v128.load(at(place, c)), wanted)));
  }
  for (; c < channels; c++) store<f32>(at(dx, c), load<i32>(at(place, c)) == k ? load<f32>(at(dy, c)) : 0);
}
