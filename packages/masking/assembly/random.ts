// Philox4x32-10, word for word the stream of tensor-core's random.ts: counter (block, index, epoch, stream), key = seed.
// Words are made four blocks at a time, one block a lane: the rounds of one block would wait for each other.

/** Numbers made at a time: four blocks. The ring they are kept in has room for twice as many. */
export const GROUP: i32 = 16;

const UNIT: f64 = 2.3283064365386963e-10; // 2^-32

let keyLow: u32 = 0;
let keyHigh: u32 = 0;
let stream: u32 = 0;
let epoch: u32 = 0;
let index: u32 = 0;
let ring: usize = 0;
let made: u32 = 0;
let drawn: u32 = 0;

/** Bytes of an address: u32 [5], the seed's low and high word, stream, epoch, index. */
export const ADDRESS_BYTES: usize = 20;

/** Starts the stream of an address from its first word; ring: f64 [2, GROUP]. */
export function openStream(address: usize, ringOf: usize): void {
  keyLow = load<u32>(address);
  keyHigh = load<u32>(address, 4);
  stream = load<u32>(address, 8);
  epoch = load<u32>(address, 12);
  index = load<u32>(address, 16);
  ring = ringOf;
  made = 0;
  drawn = 0;
}

/** A number of [0, 1), a multiple of 2^-32. */
export function uniformDraw(): f64 {
  if (!isMade(1)) makeGroup();
  const number = load<f64>(ring + (nextPlace() << 3));
  take(1);
  return number;
}

export function integerDraw(bound: i32): i32 {
  return <i32>(uniformDraw() * <f64>bound);
}

/** Whether the next `count` numbers are in the ring. */
@inline export function isMade(count: u32): bool {
  return drawn + count <= made;
}

/** Makes the next group; returns its place in the ring. The group before it stays, the one before that is gone. */
export function makeGroup(): usize {
  const place = made & (2 * GROUP - 1);
  makeFourBlocks(ring + (place << 3), made >> 2);
  made += GROUP;
  return place;
}

/** Place in the ring of the number `ahead` places after the next. */
@inline export function nextPlace(ahead: u32 = 0): usize {
  return (drawn + ahead) & (2 * GROUP - 1);
}

@inline export function take(count: u32): void {
  drawn += count;
}

function makeFourBlocks(at: usize, block: u32): void {
  let c0 = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3));
  let c1 = i32x4.splat(index);
  let c2 = i32x4.splat(epoch);
  let c3 = i32x4.splat(stream);
  let k0 = i32x4.splat(keyLow);
  let k1 = i32x4.splat(keyHigh);
  for (let round = 0; round < 10; round++) {
    const low0 = i64x2.extmul_low_i32x4_u(c0, i32x4.splat(0xd2511f53));
    const high0 = i64x2.extmul_high_i32x4_u(c0, i32x4.splat(0xd2511f53));
    const low1 = i64x2.extmul_low_i32x4_u(c2, i32x4.splat(0xcd9e8d57));
    const high1 = i64x2.extmul_high_i32x4_u(c2, i32x4.splat(0xcd9e8d57));
    c0 = v128.xor(v128.shuffle<i32>(low1, high1, 1, 3, 5, 7), v128.xor(c1, k0));
    c1 = v128.shuffle<i32>(low1, high1, 0, 2, 4, 6);
    c2 = v128.xor(v128.shuffle<i32>(low0, high0, 1, 3, 5, 7), v128.xor(c3, k1));
    c3 = v128.shuffle<i32>(low0, high0, 0, 2, 4, 6);
    k0 = i32x4.add(k0, i32x4.splat(0x9e3779b9));
    k1 = i32x4.add(k1, i32x4.splat(0xbb67ae85));
  }
  storeTwoBlocks(at, v128.shuffle<i32>(c0, c1, 0, 4, 1, 5), v128.shuffle<i32>(c2, c3, 0, 4, 1, 5));
  storeTwoBlocks(at + 64, v128.shuffle<i32>(c0, c1, 2, 6, 3, 7), v128.shuffle<i32>(c2, c3, 2, 6, 3, 7));
}

// Words 0, 1 of a block and of the next, then words 2, 3 of both.
@inline function storeTwoBlocks(at: usize, firsts: v128, lasts: v128): void {
  v128.store(at, lowUniforms(firsts));
  v128.store(at, lowUniforms(lasts), 16);
  v128.store(at, lowUniforms(v128.shuffle<i64>(firsts, firsts, 1, 1)), 32);
  v128.store(at, lowUniforms(v128.shuffle<i64>(lasts, lasts, 1, 1)), 48);
}

@inline function lowUniforms(words: v128): v128 {
  return f64x2.mul(f64x2.convert_low_i32x4_u(words), f64x2.splat(UNIT));
}
