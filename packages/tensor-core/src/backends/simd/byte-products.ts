// Whether this engine multiplies bytes correctly. The product is part of relaxed SIMD, but V8's first compiler computed it
// wrongly up to Node 20: seen by computing, not told from versions.
import { bytesOf, TILE_BYTES } from "./kernels/quantized.ts";
import type { SimdModule } from "./module.ts";

const [M, N, K] = [4, 16, 48];
const ROWS = 0;
const PANELS = ROWS + M * K;
const ONES = PANELS + N * K;
const ZEROS = ONES + 4 * N;
const RESULT = ZEROS + 4 * N;
const TILE = RESULT + 4 * M * N;
/** Bytes of memory that the test writes to. */
export const TEST_BYTES = TILE + TILE_BYTES;

/** Runs a small product at `address`, extreme values included, against plain loops. */
export function multipliesBytes({ exports, memory, panelWidth }: SimdModule, address: number): boolean {
  const rows = new Uint8Array(memory.buffer, address + ROWS, M * K);
  const panels = new Int8Array(memory.buffer, address + PANELS, N * K);
  for (let i = 0; i < rows.length; i++) rows[i] = i % 5 === 0 ? 127 : (i * 29) % 128;
  for (let i = 0; i < panels.length; i++) panels[i] = i % 7 === 0 ? -127 : ((i * 53) % 255) - 127;
  new Float32Array(memory.buffer, address + ONES, N).fill(1);
  new Float32Array(memory.buffer, address + ZEROS, N).fill(0);
  const at = (offset: number): number => address + offset;
  const left = [at(ROWS), at(ONES), at(ZEROS)] as const;
  const right = [at(PANELS), at(ONES), at(ZEROS)] as const;
  const sizes = [M, N, K, bytesOf.int8, panelWidth] as const;
  exports.multiplyQuantized(...left, ...right, 0, at(RESULT), ...sizes, at(TILE), 0, N / panelWidth, 0);
  const result = new Float32Array(memory.buffer, at(RESULT), M * N);
  return result.every((value, i) => value === expected(rows, panels, Math.floor(i / N), i % N, panelWidth));
}

function expected(rows: Uint8Array, panels: Int8Array, m: number, n: number, width: number): number {
  const panel = Math.floor(n / width) * width * K;
  let sum = 0;
  for (let k = 0; k < K; k++) {
    const word = panel + (Math.floor(k / 4) * width + (n % width)) * 4;
    sum += rows[Math.floor(k / 4) * 16 + m * 4 + (k % 4)] * panels[word + (k % 4)];
  }
  return sum;
}
