// The last one to three floats of an array, through the same vector code as the others: same rounding everywhere.

/** `count` (1 to 3) floats from `address`, the other lanes filled. */
export function loadTail(address: usize, count: i32, fill: f32): v128 {
  let v = f32x4.replace_lane(f32x4.splat(fill), 0, load<f32>(address));
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(address, 4));
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(address, 8));
  return v;
}

/** The first `count` (1 to 3) lanes to `address`. */
export function storeTail(address: usize, v: v128, count: i32): void {
  store<f32>(address, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(address, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(address, f32x4.extract_lane(v, 2), 8);
}

/** The next four floats from `address`, or as many of them as there are: `left` (at least 1). */
// @ts-ignore: decorator
@inline export function loadUpTo(address: usize, left: i32, fill: f32): v128 {
  return left >= 4 ? v128.load(address) : loadTail(address, left, fill);
}

// @ts-ignore: decorator
@inline export function storeUpTo(address: usize, v: v128, left: i32): void {
  if (left >= 4) v128.store(address, v);
  else storeTail(address, v, left);
}
