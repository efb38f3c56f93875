// Philox4x32-10, word for word the stream of tensor-core's random.ts: counter (block, index, epoch, stream), key = seed.

let keyLow: u32 = 0;
let keyHigh: u32 = 0;
let stream: u32 = 0;
let epoch: u32 = 0;
let index: u32 = 0;
let drawn: u32 = 0;
let word0: u32 = 0;
let word1: u32 = 0;
let word2: u32 = 0;
let word3: u32 = 0;

/** Address of the streams that follow, but for the index. */
export function seedStream(seedLow: u32, seedHigh: u32, streamOf: u32, epochOf: u32): void {
  keyLow = seedLow;
  keyHigh = seedHigh;
  stream = streamOf;
  epoch = epochOf;
}

/** Starts the stream of one index from its first word. */
export function openStream(indexOf: u32): void {
  index = indexOf;
  drawn = 0;
}

export function uniformDraw(): f64 {
  return <f64>nextWord() * 2.3283064365386963e-10; // 2^-32
}

export function integerDraw(bound: i32): i32 {
  return <i32>(uniformDraw() * <f64>bound);
}

function nextWord(): u32 {
  const place = drawn & 3;
  if (place == 0) fillWords(drawn >> 2);
  drawn++;
  return place == 0 ? word0 : place == 1 ? word1 : place == 2 ? word2 : word3;
}

function fillWords(block: u32): void {
  let c0 = block;
  let c1 = index;
  let c2 = epoch;
  let c3 = stream;
  let k0 = keyLow;
  let k1 = keyHigh;
  for (let round = 0; round < 10; round++) {
    const product0 = <u64>c0 * 0xd2511f53;
    const product1 = <u64>c2 * 0xcd9e8d57;
    c0 = (<u32>(product1 >> 32)) ^ c1 ^ k0;
    c1 = <u32>product1;
    c2 = (<u32>(product0 >> 32)) ^ c3 ^ k1;
    c3 = <u32>product0;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  word0 = c0;
  word1 = c1;
  word2 = c2;
  word3 = c3;
}
