// 3 x 3 convolution, stride 1, padding 1, by minimal filtering F(4 x 4, 3 x 3) (Winograd 1980; Lavin and Gray 2016): tiles
// of 4 x 4 results come from 36 products a channel instead of 144. The 36 positions of transformed tiles are 36 matrix
// products with the transformed filter (winograd-filter.ts), and they are summed over channels in one order for any split.
import { fillZeros } from "./im2col";
import { at, multiplyAdd } from "./lanes";
import { loadTail, storeTail } from "./tail";
import { transformInput, transformOutput } from "./winograd-transforms";

const PLANES: i32 = 36;

/** Sizes and strides; int32 fields in the order in which the host (kernels/winograd.ts) writes them. */
// @ts-ignore: decorator
@unmanaged export class Tiling {
  height: i32;
  width: i32;
  channels: i32;
  outputs: i32;
  /** Tiles of an image: `down` rows of `across`. */
  down: i32;
  across: i32;
  tiles: i32;
  /** Tiles that are transformed and multiplied together. */
  block: i32;
  /** Channels whose products are summed before they are added to the others'. */
  depth: i32;
  /** Floats of a transformed tile, a multiple of 4, and of its products, a multiple of 8. */
  pitch: i32;
  productPitch: i32;
  /** Bytes from one of the 36 positions to the next: of the filter, of a block of tiles, of its products. */
  filterPlane: i32;
  plane: i32;
  productPlane: i32;
  /** Bytes of scratch for one thread. */
  scratch: i32;
}

// Scratch of one thread: addresses of a tile's pixels, intermediate values, channels beyond the last multiple of 4, zeros
// for pixels outside the image (one pixel); from the next cache line on products, then transformed tiles.
const STEPS: usize = 160;
const TAILS: usize = STEPS + 576;
const ZEROS: usize = TAILS + 576;

function productsIn(own: usize, sizes: Tiling): usize {
  return (at(own + ZEROS, sizes.pitch) + 63) & ~63;
}

/** y = convolution of x + bias (0: none) for tiles [begin, end), a block after another. `filter` is winogradFilter's. */
export function winograd(
  x: usize, filter: usize, y: usize, bias: usize, tiling: usize, scratch: usize, begin: i32, end: i32, thread: i32,
): void {
  const sizes = changetype<Tiling>(tiling);
  const own = scratch + thread * sizes.scratch;
  const left = productsIn(own, sizes) + PLANES * sizes.productPlane;
  const panels = (sizes.outputs + 7) >> 3;
  for (let tile = begin; tile < end; tile += sizes.block) {
    const count = min(sizes.block, end - tile);
    readTiles(x, sizes, tile, tile + count, left, own);
    writeTiles(left, filter, y, bias, sizes, tile, count, 0, panels, own);
  }
}

/** The same for images of few tiles in two steps, the first of which makes all tiles, [begin, end), for all threads. */
export function winogradTiles(
  x: usize, left: usize, tiling: usize, scratch: usize, begin: i32, end: i32, thread: i32,
): void {
  const sizes = changetype<Tiling>(tiling);
  readTiles(x, sizes, begin, end, at(left, begin * sizes.pitch), scratch + thread * sizes.scratch);
}

/** The second step, for panels of 8 outputs [begin, end). */
export function winogradOutputs(
  left: usize, filter: usize, y: usize, bias: usize, tiling: usize, scratch: usize, begin: i32, end: i32, thread: i32,
): void {
  const sizes = changetype<Tiling>(tiling);
  writeTiles(left, filter, y, bias, sizes, 0, sizes.tiles, begin, end, scratch + thread * sizes.scratch);
}

function readTiles(x: usize, sizes: Tiling, tile: i32, end: i32, to: usize, own: usize): void {
  fillZeros(own + ZEROS, sizes.pitch);
  for (; tile < end; tile++) {
    readTile(x, sizes, tile, to, own);
    to = at(to, sizes.pitch);
  }
}

// As many panels at a time as there is room for products.
function writeTiles(
  left: usize, filter: usize, y: usize, bias: usize, sizes: Tiling, tile: i32, count: i32, panel: i32, end: i32, own: usize,
): void {
  const products = productsIn(own, sizes);
  const group = sizes.productPitch >> 3;
  for (; panel < end; panel += group) {
    const last = min(end, panel + group);
    for (let plane = 0; plane < PLANES; plane++) {
      const to = products + plane * sizes.productPlane;
      multiplyPlane(left + plane * sizes.plane, filter + plane * sizes.filterPlane, to, sizes, count, panel, last);
    }
    for (let t = 0; t < count; t++) {
      const from = at(products, t * sizes.productPitch);
      writeTile(from, y, bias, sizes, tile + t, panel << 3, min(sizes.outputs, last << 3), own);
    }
  }
}

// The 6 x 6 pixels that a tile sees, transformed: one row of each of the 36 left factors.
function readTile(x: usize, sizes: Tiling, tile: i32, to: usize, own: usize): void {
  findPixels(x, sizes, tile, own);
  const plane = sizes.plane;
  const whole = sizes.channels & ~3;
  let channel = 0;
  for (; channel < whole; channel += 4) transformInput(own, channel << 2, at(to, channel), plane, own + STEPS);
  if (channel == sizes.channels) return;
  for (let pixel = 0; pixel < PLANES; pixel++) {
    const tail = own + TAILS + ((<usize>pixel) << 4);
    v128.store(tail, loadTail(at(load<usize>(at(own, pixel)), channel), sizes.channels - channel, 0));
    store<usize>(at(own, pixel), tail);
  }
  transformInput(own, 0, at(to, channel), plane, own + STEPS);
}

// Addresses of the pixels, column by column; those outside the image are zeros.
function findPixels(x: usize, sizes: Tiling, tile: i32, own: usize): void {
  const row = tile / sizes.across;
  const image = row / sizes.down;
  const top = ((row - image * sizes.down) << 2) - 1;
  const left = ((tile - row * sizes.across) << 2) - 1;
  let entry = own;
  for (let j = left; j < left + 6; j++) {
    for (let i = top; i < top + 6; i++) {
      const inside = <u32>i < <u32>sizes.height && <u32>j < <u32>sizes.width;
      const pixel = (image * sizes.height + i) * sizes.width + j;
      store<usize>(entry, inside ? at(x, pixel * sizes.channels) : own + ZEROS);
      entry += 4;
    }
  }
}

// The 4 x 4 results of a tile, or those inside the image, from its products.
function writeTile(
  from: usize, y: usize, bias: usize, sizes: Tiling, tile: i32, first: i32, last: i32, own: usize,
): void {
  const row = tile / sizes.across;
  const image = row / sizes.down;
  const top = (row - image * sizes.down) << 2;
  const left = (tile - row * sizes.across) << 2;
  const rows = min(4, sizes.height - top);
  const columns = min(4, sizes.width - left);
  const plane = sizes.productPlane;
  const corner = at(y, ((image * sizes.height + top) * sizes.width + left) * sizes.outputs);
  for (let output = first; output < last; output += 4) {
    const valid = min(4, last - output);
    transformOutput(at(from, output - first), plane, own + STEPS);
    let added = f32x4.splat(0);
    if (bias) added = valid == 4 ? v128.load(at(bias, output)) : loadTail(at(bias, output), valid, 0);
    for (let i = 0; i < rows; i++) {
      let to = at(corner, i * sizes.width * sizes.outputs + output);
      let value = own + STEPS + ((<usize>i) << 6);
      for (let j = 0; j < columns; j++) {
        const result = f32x4.add(v128.load(value), added);
        if (valid == 4) v128.store(to, result);
        else storeTail(to, result, valid);
        to = at(to, sizes.outputs);
        value += 16;
      }
    }
  }
}

function multiplyPlane(
  left: usize, right: usize, to: usize, sizes: Tiling, rows: i32, first: i32, last: i32,
): void {
  const width = (sizes.outputs + 7) & ~7;
  for (let k = 0; k < sizes.channels; k += sizes.depth) {
    const depth = min(sizes.depth, sizes.channels - k);
    for (let panel = first; panel < last; panel++) {
      const factor = at(right, k * width + panel * depth * 8);
      for (let row = 0; row < rows; row += 4) {
        const product = at(to, row * sizes.productPitch + (panel - first) * 8);
        const from = at(left, row * sizes.pitch + k);
        multiplyRows(from, sizes.pitch << 2, rows - row, factor, depth, product, sizes.productPitch << 2, k);
      }
    }
  }
}

// Four rows, not packed; rows that are missing repeat the last one. With `more`, products are added to what is there.
function multiplyRows(
  r0: usize, pitch: i32, rows: i32, right: usize, depth: i32, to: usize, width: i32, more: i32,
): void {
  let r1 = rows > 1 ? r0 + pitch : r0;
  let r2 = rows > 2 ? r1 + pitch : r1;
  let r3 = rows > 3 ? r2 + pitch : r2;
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  const end = at(r0, depth);
  while (r0 < end) {
    const b0 = v128.load(right);
    const b1 = v128.load(right, 16);
    const a0 = v128.load32_splat(r0);
    c00 = multiplyAdd(a0, b0, c00);
    c01 = multiplyAdd(a0, b1, c01);
    const a1 = v128.load32_splat(r1);
    c10 = multiplyAdd(a1, b0, c10);
    c11 = multiplyAdd(a1, b1, c11);
    const a2 = v128.load32_splat(r2);
    c20 = multiplyAdd(a2, b0, c20);
    c21 = multiplyAdd(a2, b1, c21);
    const a3 = v128.load32_splat(r3);
    c30 = multiplyAdd(a3, b0, c30);
    c31 = multiplyAdd(a3, b1, c31);
    r0 += 4;
    r1 += 4;
    r2 += 4;
    r3 += 4;
    right += 32;
  }
  storeRow(to, c00, c01, more);
  storeRow(to + width, c10, c11, more);
  storeRow(to + 2 * width, c20, c21, more);
  storeRow(to + 3 * width, c30, c31, more);
}

function storeRow(to: usize, low: v128, high: v128, more: i32): void {
  if (more) {
    low = f32x4.add(low, v128.load(to));
    high = f32x4.add(high, v128.load(to, 16));
  }
  v128.store(to, low);
  v128.store(to, high, 16);
}
