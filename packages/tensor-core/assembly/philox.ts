// Four blocks of Philox4x32-10 at once (Salmon et al. 2011), lane by lane; equal to src/random.ts, word by word.

/** Words of the blocks counter .. counter + 3, sixteen in a row, to `to`. (c1, c2, c3) and (k0, k1) are those of the stream. */
export function philox16(to: usize, counter: i32, c1: i32, c2: i32, c3: i32, k0: i32, k1: i32): void {
  let x0 = i32x4.add(i32x4.splat(counter), i32x4(0, 1, 2, 3));
  let x1 = i32x4.splat(c1);
  let x2 = i32x4.splat(c2);
  let x3 = i32x4.splat(c3);
  const multiplier0 = i32x4.splat(0xd2511f53);
  const multiplier1 = i32x4.splat(0xcd9e8d57);
  for (let round = 0; round < 10; round++) {
    const low0 = i64x2.extmul_low_i32x4_u(x0, multiplier0);
    const high0 = i64x2.extmul_high_i32x4_u(x0, multiplier0);
    const low2 = i64x2.extmul_low_i32x4_u(x2, multiplier1);
    const high2 = i64x2.extmul_high_i32x4_u(x2, multiplier1);
    x0 = v128.xor(v128.xor(v128.shuffle<i32>(low2, high2, 1, 3, 5, 7), x1), i32x4.splat(k0));
    x2 = v128.xor(v128.xor(v128.shuffle<i32>(low0, high0, 1, 3, 5, 7), x3), i32x4.splat(k1));
    x1 = v128.shuffle<i32>(low2, high2, 0, 2, 4, 6);
    x3 = v128.shuffle<i32>(low0, high0, 0, 2, 4, 6);
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  storeTransposed(to, x0, x1, x2, x3);
}

// Lane b of the four vectors becomes block b: four words in a row.
// @ts-ignore: decorator
@inline function storeTransposed(to: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  const a = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
  const b = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
  const c = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
  const d = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i32>(a, c, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<i32>(a, c, 2, 3, 6, 7), 16);
  v128.store(to, v128.shuffle<i32>(b, d, 0, 1, 4, 5), 32);
  v128.store(to, v128.shuffle<i32>(b, d, 2, 3, 6, 7), 48);
}
