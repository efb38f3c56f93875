// Tiles of products of small integers: 4 rows by a panel of 8 columns, or of 16 where V8 merges vectors (gemm-tile.ts). A
// word of 32 bits holds two 16-bit or four 8-bit values of one row or column; their products are summed exactly.

/** Sums of 4 rows (`a`) and 8 columns over `words` words, as floats added to those at `tile` where there are `more`. */
export function multiplyPairs8(a: usize, panel: usize, words: i32, tile: usize, more: bool): void {
  multiply8(a, panel, words, tile, more, false);
}

/** The same for 16 columns. */
export function multiplyPairs16(a: usize, panel: usize, words: i32, tile: usize, more: bool): void {
  multiply16(a, panel, words, tile, more, false);
}

/** Sums of 8-bit values, those of the rows without a sign and below 128; 8 columns. */
export function multiplyBytes8(a: usize, panel: usize, words: i32, tile: usize): void {
  multiply8(a, panel, words, tile, false, true);
}

/** 16 columns. */
export function multiplyBytes16(a: usize, panel: usize, words: i32, tile: usize): void {
  multiply16(a, panel, words, tile, false, true);
}

// Sum + the products of one word of a row and of four columns. `bytes` is a constant wherever this is inlined.
// @ts-ignore: decorator
@inline function addProducts(sum: v128, row: v128, columns: v128, bytes: bool): v128 {
  if (ASC_FEATURE_RELAXED_SIMD && bytes) return i32x4.relaxed_dot_i8x16_i7x16_add_s(columns, row, sum);
  return i32x4.add(sum, i32x4.dot_i16x8_s(row, columns));
}

// @ts-ignore: decorator
@inline function multiply8(a: usize, panel: usize, words: i32, tile: usize, more: bool, bytes: bool): void {
  let s00 = i32x4.splat(0), s01 = i32x4.splat(0), s10 = i32x4.splat(0), s11 = i32x4.splat(0);
  let s20 = i32x4.splat(0), s21 = i32x4.splat(0), s30 = i32x4.splat(0), s31 = i32x4.splat(0);
  const end = a + (<usize>words << 4);
  while (a < end) {
    const p0 = v128.load(panel);
    const p1 = v128.load(panel, 16);
    const x0 = v128.load32_splat(a);
    s00 = addProducts(s00, x0, p0, bytes);
    s01 = addProducts(s01, x0, p1, bytes);
    const x1 = v128.load32_splat(a, 4);
    s10 = addProducts(s10, x1, p0, bytes);
    s11 = addProducts(s11, x1, p1, bytes);
    const x2 = v128.load32_splat(a, 8);
    s20 = addProducts(s20, x2, p0, bytes);
    s21 = addProducts(s21, x2, p1, bytes);
    const x3 = v128.load32_splat(a, 12);
    s30 = addProducts(s30, x3, p0, bytes);
    s31 = addProducts(s31, x3, p1, bytes);
    a += 16;
    panel += 32;
  }
  storeSums(tile, s00, s01, more);
  storeSums(tile + 32, s10, s11, more);
  storeSums(tile + 64, s20, s21, more);
  storeSums(tile + 96, s30, s31, more);
}

// @ts-ignore: decorator
@inline function multiply16(a: usize, panel: usize, words: i32, tile: usize, more: bool, bytes: bool): void {
  let s00 = i32x4.splat(0), s01 = i32x4.splat(0), s02 = i32x4.splat(0), s03 = i32x4.splat(0);
  let s10 = i32x4.splat(0), s11 = i32x4.splat(0), s12 = i32x4.splat(0), s13 = i32x4.splat(0);
  let s20 = i32x4.splat(0), s21 = i32x4.splat(0), s22 = i32x4.splat(0), s23 = i32x4.splat(0);
  let s30 = i32x4.splat(0), s31 = i32x4.splat(0), s32 = i32x4.splat(0), s33 = i32x4.splat(0);
  const end = a + (<usize>words << 4);
  while (a < end) {
    const p0 = v128.load(panel);
    const p1 = v128.load(panel, 16);
    const p2 = v128.load(panel, 32);
    const p3 = v128.load(panel, 48);
    const x0 = v128.load32_splat(a);
    s00 = addProducts(s00, x0, p0, bytes);
    s01 = addProducts(s01, x0, p1, bytes);
    s02 = addProducts(s02, x0, p2, bytes);
    s03 = addProducts(s03, x0, p3, bytes);
    const x1 = v128.load32_splat(a, 4);
    s10 = addProducts(s10, x1, p0, bytes);
    s11 = addProducts(s11, x1, p1, bytes);
    s12 = addProducts(s12, x1, p2, bytes);
    s13 = addProducts(s13, x1, p3, bytes);
    const x2 = v128.load32_splat(a, 8);
    s20 = addProducts(s20, x2, p0, bytes);
    s21 = addProducts(s21, x2, p1, bytes);
    s22 = addProducts(s22, x2, p2, bytes);
    s23 = addProducts(s23, x2, p3, bytes);
    const x3 = v128.load32_splat(a, 12);
    s30 = addProducts(s30, x3, p0, bytes);
    s31 = addProducts(s31, x3, p1, bytes);
    s32 = addProducts(s32, x3, p2, bytes);
    s33 = addProducts(s33, x3, p3, bytes);
    a += 16;
    panel += 64;
  }
  storeSums(tile, s00, s01, more);
  storeSums(tile + 32, s02, s03, more);
  storeSums(tile + 64, s10, s11, more);
  storeSums(tile + 96, s12, s13, more);
  storeSums(tile + 128, s20, s21, more);
  storeSums(tile + 160, s22, s23, more);
  storeSums(tile + 192, s30, s31, more);
  storeSums(tile + 224, s32, s33, more);
}

// @ts-ignore: decorator
@inline function storeSums(to: usize, low: v128, high: v128, more: bool): void {
  let first = f32x4.convert_i32x4_s(low);
  let second = f32x4.convert_i32x4_s(high);
  if (more) {
    first = f32x4.add(v128.load(to), first);
    second = f32x4.add(v128.load(to, 16), second);
  }
  v128.store(to, first);
  v128.store(to, second, 16);
}
