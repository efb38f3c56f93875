import { at } from "./lanes";

export function sliceChannels(
  x: usize, y: usize, width: i32, start: i32, length: i32, begin: i32, end: i32, thread: i32,
): void {
  for (let row = begin; row < end; row++) {
    memory.copy(at(y, row * length), at(x, row * width + start), <usize>length << 2);
  }
}

export function sliceChannelsBackward(
  dy: usize, dx: usize, width: i32, start: i32, length: i32, begin: i32, end: i32, thread: i32,
): void {
  memory.fill(at(dx, begin * width), 0, <usize>((end - begin) * width) << 2);
  for (let row = begin; row < end; row++) {
    memory.copy(at(dx, row * width + start), at(dy, row * length), <usize>length << 2);
  }
}
