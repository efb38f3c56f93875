// The two passes of Pillow's resize over bytes, equal to src/image/resample.ts to the last bit. A module of its own: image
// code needs no other kernel. Weights have 22 bits of fraction, too many for products of 16-bit lanes, so each is
// high * 2^15 + low; the sums of both halves are whole numbers, joined at the end.

const WEIGHT_BITS: i32 = 22;
const LOW_BITS: i32 = 15;
/** Taps of a group; its words are high 0 and 1, high 2 and 3, low 0 and 1, low 2 and 3. */
const GROUP: i32 = 4;
const GROUP_BYTES: i32 = 16;

/** Bytes of the halves' sums, four at a time, in the low 32 bits. */
// @ts-ignore: decorator
@inline function joined(high: v128, low: v128): v128 {
  const sum = i32x4.add(i32x4.add(i32x4.shl(high, LOW_BITS), low), i32x4.splat(1 << (WEIGHT_BITS - 1)));
  return i32x4.shr_s(sum, WEIGHT_BITS);
}

/**
 * out [rows, width, 3] of source [rows, pitch bytes]. `table`: for each column its first source pixel and its number of groups,
 * then for each `most` groups of weights. Reads up to 16 bytes behind the last pixel it needs, writes one byte behind `out`.
 */
export function resampleColors(
  out: usize, source: usize, rows: i32, pitch: i32, width: i32, table: usize, most: i32,
): void {
  const zero = i32x4.splat(0);
  const weights = table + (<usize>width << 3);
  for (let y = 0; y < rows; y++, source += pitch) {
    let group = weights;
    for (let x = 0; x < width; x++, out += 3, group += most * GROUP_BYTES) {
      const span = table + (<usize>x << 3);
      let from = source + load<i32>(span) * 3;
      const end = group + load<i32>(span, 4) * GROUP_BYTES;
      let high = zero;
      let low = zero;
      for (let at = group; at < end; at += GROUP_BYTES, from += GROUP * 3) {
        const bytes = v128.load(from);
        // Each lane of the sums has a channel: red, green, blue, nothing.
        const first = v128.shuffle<u8>(bytes, zero, 0, 16, 3, 16, 1, 16, 4, 16, 2, 16, 5, 16, 16, 16, 16, 16);
        const second = v128.shuffle<u8>(bytes, zero, 6, 16, 9, 16, 7, 16, 10, 16, 8, 16, 11, 16, 16, 16, 16, 16);
        high = i32x4.add(high, i32x4.dot_i16x8_s(first, v128.load32_splat(at)));
        high = i32x4.add(high, i32x4.dot_i16x8_s(second, v128.load32_splat(at, 4)));
        low = i32x4.add(low, i32x4.dot_i16x8_s(first, v128.load32_splat(at, 8)));
        low = i32x4.add(low, i32x4.dot_i16x8_s(second, v128.load32_splat(at, 12)));
      }
      const words = i16x8.narrow_i32x4_s(joined(high, low), zero);
      v128.store32_lane(out, i8x16.narrow_i16x8_u(words, zero), 0);
    }
  }
}

/** The same with one channel. */
export function resampleGrays(
  out: usize, source: usize, rows: i32, pitch: i32, width: i32, table: usize, most: i32,
): void {
  const zero = i32x4.splat(0);
  const weights = table + (<usize>width << 3);
  for (let y = 0; y < rows; y++, source += pitch) {
    let group = weights;
    for (let x = 0; x < width; x++, out++, group += most * GROUP_BYTES) {
      const span = table + (<usize>x << 3);
      let from = source + load<i32>(span);
      const end = group + load<i32>(span, 4) * GROUP_BYTES;
      let sums = zero;
      for (let at = group; at < end; at += GROUP_BYTES, from += GROUP) {
        const twice = v128.load32_splat(from);
        sums = i32x4.add(sums, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(twice), v128.load(at)));
      }
      const high = i32x4.add(sums, v128.shuffle<u32>(sums, sums, 1, 0, 3, 2));
      const low = v128.shuffle<u32>(high, high, 2, 2, 2, 2);
      const words = i16x8.narrow_i32x4_s(joined(high, low), zero);
      v128.store8_lane(out, i8x16.narrow_i16x8_u(words, zero), 0);
    }
  }
}

/**
 * out [height, pitch] of source [rows, pitch]; `table` as above, of rows. Reads up to three rows and 8 bytes behind
 * the last row it needs, writes up to 7 bytes behind `out`.
 */
export function resampleRows(
  out: usize, source: usize, pitch: i32, height: i32, table: usize, most: i32,
): void {
  const zero = i32x4.splat(0);
  let weights = table + (<usize>height << 3);
  for (let y = 0; y < height; y++, out += pitch, weights += most * GROUP_BYTES) {
    const span = table + (<usize>y << 3);
    const rows = source + <usize>load<i32>(span) * pitch;
    const end = weights + load<i32>(span, 4) * GROUP_BYTES;
    // What a row's last eight bytes say of the next row is overwritten by it.
    for (let i = 0; i < pitch; i += 8) {
      let highA = zero;
      let highB = zero;
      let lowA = zero;
      let lowB = zero;
      let from = rows + i;
      for (let at = weights; at < end; at += GROUP_BYTES) {
        for (let half = 0; half < 2; half++, from += pitch << 1) {
          const pairs = v128.shuffle<u8>(
            v128.load64_zero(from), v128.load64_zero(from + pitch),
            0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
          );
          const a = i16x8.extend_low_i8x16_u(pairs);
          const b = i16x8.extend_high_i8x16_u(pairs);
          const high = v128.load32_splat(at + (half << 2));
          const low = v128.load32_splat(at + (half << 2), 8);
          highA = i32x4.add(highA, i32x4.dot_i16x8_s(a, high));
          highB = i32x4.add(highB, i32x4.dot_i16x8_s(b, high));
          lowA = i32x4.add(lowA, i32x4.dot_i16x8_s(a, low));
          lowB = i32x4.add(lowB, i32x4.dot_i16x8_s(b, low));
        }
      }
      const words = i16x8.narrow_i32x4_s(joined(highA, lowA), joined(highB, lowB));
      v128.store64_lane(out + i, i8x16.narrow_i16x8_u(words, zero), 0);
    }
  }
}
