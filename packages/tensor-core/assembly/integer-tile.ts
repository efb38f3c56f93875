// Tiles of products of small integers: 4 rows by a panel of 8 columns, or of 16 where V8 merges vectors (gemm-tile.ts). A
// word of 32 bits holds two 16-bit or four 8-bit values of one row or column; their products are summed exactly.

/** Sums of 4 rows (`a`) and 8 columns over `words` words, as floats added to those at `tile` where there are `more`. */
export function multiplyPairs8(a: usize, panel: usize, words: i32, tile: usize, more: bool): void {
  let s00 = i32x4.splat(0), s01 = i32x4.splat(0), s10 = i32x4.splat(0), s11 = i32x4.splat(0);
  let s20 = i32x4.splat(0), s21 = i32x4.splat(0), s30 = i32x4.splat(0), s31 = i32x4.splat(0);
  const end = a + (<usize>words << 4);
  while (a < end) {
    const p0 = v128.load(panel);
    const p1 = v128.load(panel, 16);
    const x0 = v128.load32_splat(a);
    s00 = i32x4.add(s00, i32x4.dot_i16x8_s(x0, p0));
    s01 = i32x4.add(s01, i32x4.dot_i16x8_s(x0, p1));
    const x1 = v128.load32_splat(a, 4);
    s10 = i32x4.add(s10, i32x4.dot_i16x8_s(x1, p0));
    s11 = i32x4.add(s11, i32x4.dot_i16x8_s(x1, p1));
    const x2 = v128.load32_splat(a, 8);
    s20 = i32x4.add(s20, i32x4.dot_i16x8_s(x2, p0));
    s21 = i32x4.add(s21, i32x4.dot_i16x8_s(x2, p1));
    const x3 = v128.load32_splat(a, 12);
    s30 = i32x4.add(s30, i32x4.dot_i16x8_s(x3, p0));
    s31 = i32x4.add(s31, i32x4.dot_i16x8_s(x3, p1));
    a += 16;
    panel += 32;
  }
  addSums(tile, s00, s01, more);
  addSums(tile + 32, s10, s11, more);
  addSums(tile + 64, s20, s21, more);
  addSums(tile + 96, s30, s31, more);
}

/** The same for 16 columns. */
export function multiplyPairs16(a: usize, panel: usize, words: i32, tile: usize, more: bool): void {
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
    s00 = i32x4.add(s00, i32x4.dot_i16x8_s(x0, p0));
    s01 = i32x4.add(s01, i32x4.dot_i16x8_s(x0, p1));
    s02 = i32x4.add(s02, i32x4.dot_i16x8_s(x0, p2));
    s03 = i32x4.add(s03, i32x4.dot_i16x8_s(x0, p3));
    const x1 = v128.load32_splat(a, 4);
    s10 = i32x4.add(s10, i32x4.dot_i16x8_s(x1, p0));
    s11 = i32x4.add(s11, i32x4.dot_i16x8_s(x1, p1));
    s12 = i32x4.add(s12, i32x4.dot_i16x8_s(x1, p2));
    s13 = i32x4.add(s13, i32x4.dot_i16x8_s(x1, p3));
    const x2 = v128.load32_splat(a, 8);
    s20 = i32x4.add(s20, i32x4.dot_i16x8_s(x2, p0));
    s21 = i32x4.add(s21, i32x4.dot_i16x8_s(x2, p1));
    s22 = i32x4.add(s22, i32x4.dot_i16x8_s(x2, p2));
    s23 = i32x4.add(s23, i32x4.dot_i16x8_s(x2, p3));
    const x3 = v128.load32_splat(a, 12);
    s30 = i32x4.add(s30, i32x4.dot_i16x8_s(x3, p0));
    s31 = i32x4.add(s31, i32x4.dot_i16x8_s(x3, p1));
    s32 = i32x4.add(s32, i32x4.dot_i16x8_s(x3, p2));
    s33 = i32x4.add(s33, i32x4.dot_i16x8_s(x3, p3));
    a += 16;
    panel += 64;
  }
  addSums(tile, s00, s01, more);
  addSums(tile + 32, s02, s03, more);
  addSums(tile + 64, s10, s11, more);
  addSums(tile + 96, s12, s13, more);
  addSums(tile + 128, s20, s21, more);
  addSums(tile + 160, s22, s23, more);
  addSums(tile + 192, s30, s31, more);
  addSums(tile + 224, s32, s33, more);
}

/** 8-bit values: those of the rows without a sign and below 128. 8 columns. */
export function multiplyBytes8(a: usize, panel: usize, words: i32, tile: usize, more: bool): void {
  let s00 = i32x4.splat(0), s01 = i32x4.splat(0), s10 = i32x4.splat(0), s11 = i32x4.splat(0);
  let s20 = i32x4.splat(0), s21 = i32x4.splat(0), s30 = i32x4.splat(0), s31 = i32x4.splat(0);
  const end = a + (<usize>words << 4);
  while (a < end) {
    const p0 = v128.load(panel);
    const p1 = v128.load(panel, 16);
    const x0 = v128.load32_splat(a);
    s00 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p0, x0, s00);
    s01 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p1, x0, s01);
    const x1 = v128.load32_splat(a, 4);
    s10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p0, x1, s10);
    s11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p1, x1, s11);
    const x2 = v128.load32_splat(a, 8);
    s20 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p0, x2, s20);
    s21 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p1, x2, s21);
    const x3 = v128.load32_splat(a, 12);
    s30 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p0, x3, s30);
    s31 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p1, x3, s31);
    a += 16;
    panel += 32;
  }
  addSums(tile, s00, s01, more);
  addSums(tile + 32, s10, s11, more);
  addSums(tile + 64, s20, s21, more);
  addSums(tile + 96, s30, s31, more);
}

/** 16 columns. */
export function multiplyBytes16(a: usize, panel: usize, words: i32, tile: usize, more: bool): void {
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
    s00 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p0, x0, s00);
    s01 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p1, x0, s01);
    s02 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p2, x0, s02);
    s03 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p3, x0, s03);
    const x1 = v128.load32_splat(a, 4);
    s10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p0, x1, s10);
    s11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p1, x1, s11);
    s12 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p2, x1, s12);
    s13 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p3, x1, s13);
    const x2 = v128.load32_splat(a, 8);
    s20 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p0, x2, s20);
    s21 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p1, x2, s21);
    s22 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p2, x2, s22);
    s23 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p3, x2, s23);
    const x3 = v128.load32_splat(a, 12);
    s30 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p0, x3, s30);
    s31 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p1, x3, s31);
    s32 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p2, x3, s32);
    s33 = i32x4.relaxed_dot_i8x16_i7x16_add_s(p3, x3, s33);
    a += 16;
    panel += 64;
  }
  addSums(tile, s00, s01, more);
  addSums(tile + 32, s02, s03, more);
  addSums(tile + 64, s10, s11, more);
  addSums(tile + 96, s12, s13, more);
  addSums(tile + 128, s20, s21, more);
  addSums(tile + 160, s22, s23, more);
  addSums(tile + 192, s30, s31, more);
  addSums(tile + 224, s32, s33, more);
}

// @ts-ignore: decorator
@inline function addSums(to: usize, low: v128, high: v128, more: bool): void {
  let first = f32x4.convert_i32x4_s(low);
  let second = f32x4.convert_i32x4_s(high);
  if (more) {
    first = f32x4.add(v128.load(to), first);
    second = f32x4.add(v128.load(to, 16), second);
  }
  v128.store(to, first);
  v128.store(to, second, 16);
}
