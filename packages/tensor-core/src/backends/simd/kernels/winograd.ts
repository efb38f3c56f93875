// 3 x 3 convolutions of inference by Winograd's minimal filtering, with the filter transformed once: layouts and splits of
// assembly/winograd.ts.
import type { ConvGeometry } from "../../../ops/conv2d-taps.ts";
import type { Tensor } from "../../../tensor.ts";
import { grainFor, type Simd } from "../context.ts";
import type { ConvAddresses } from "./convolve.ts";

// Fields of Tiling in assembly/winograd.ts, in its order.
const tilingFields = [
  ...(["height", "width", "channels", "outputs", "down", "across", "tiles", "block", "depth"] as const),
  ...(["pitch", "productPitch", "filterPlane", "plane", "productPlane", "scratch"] as const),
];
type Tiling = Readonly<Record<(typeof tilingFields)[number], number>>;

const PLANES = 36;
// Longest sum before it is added to the others: panels of 8 KiB stay in the first cache. It fixes the order of summation.
const DEPTH = 256;
// Bytes between planes, floats between rows: a power of two apart, they would evict one another from the cache.
const PLANE_GAP = 64;
const ROW_GAP = 16;
// Tiles that are transformed together: they and their products should stay in the second cache.
const BLOCK = 32;
const FEW_TILES = 64;
const RANGES_PER_THREAD = 3;
// Channels of tiles to transform, and multiply-adds, that take about 8 microseconds: less is not worth waking a thread.
const TILE_WORK = 2 ** 10;
const PRODUCT_WORK = 2 ** 17;
// Addresses, intermediate values and alignment: what winograd takes before its zeros.
const SCRATCH_BYTES = 2048;

/** Whether Winograd's way is the faster one: enough channels, and tiles (four at a time) filled well enough. */
export function winogradPays({ kernelHeight, kernelWidth, stride, padding, ...sizes }: ConvGeometry): boolean {
  if (kernelHeight !== 3 || kernelWidth !== 3 || stride !== 1 || padding !== 1) return false;
  const { channels, outputs, batch, rows, columns } = sizes;
  const tiles = batch * Math.ceil(rows / 4) * Math.ceil(columns / 4);
  return channels >= 16 && outputs >= 16 && batch * rows * columns >= 6 * roundUp(tiles, 4);
}

/** smaller = convolution of larger with a filter [O, 3, 3, C], stride 1, padding 1, + bias. */
export function winograd(
  simd: Simd,
  geometry: ConvGeometry,
  filter: Tensor,
  { larger, smaller, bias }: Omit<ConvAddresses, "filter">,
): void {
  const tiling = tilingOf(geometry, simd.threads);
  const transformed = simd.prepared(filter, "winograd", PLANES * tiling.filterPlane, (address) =>
    transformFilter(simd, tiling, simd.pointer(filter), address),
  );
  const { tiles, block, channels, outputs, plane, productPitch } = tiling;
  const sizes = [writeTiling(simd, tiling), simd.scratch(tiling.scratch * simd.threads)] as const;
  if (block < tiles) {
    simd.parallel("winograd", tiles, block, larger, transformed, smaller, bias, ...sizes);
    return;
  }
  const left = simd.scratch(PLANES * plane);
  const tileGrain = Math.max(Math.ceil(tiles / simd.threads), grainFor(channels, { work: TILE_WORK }));
  const panelGrain = Math.max(productPitch / 8, grainFor(8 * PLANES * tiles * channels, { work: PRODUCT_WORK }));
  simd.parallel("winogradTiles", tiles, tileGrain, larger, left, ...sizes);
  const panels = Math.ceil(outputs / 8);
  simd.parallel("winogradOutputs", panels, panelGrain, left, transformed, smaller, bias, ...sizes);
}

function transformFilter(
  simd: Simd,
  { channels, outputs, depth, filterPlane }: Tiling,
  filter: number,
  to: number,
): void {
  const scratch = simd.scratch(simd.call("winogradFilterScratchBytes") * simd.threads);
  const sizes = [channels, outputs, depth, filterPlane] as const;
  simd.parallel("winogradFilter", Math.ceil(outputs / 8), 1, filter, to, ...sizes, scratch);
}

// Where tiles are few, threads split the outputs: else some would be idle, and each would read the whole filter. Every
// result is summed in one order, so that the split may depend on the number of threads without changing a bit.
function tilingOf({ batch, height, width, channels, outputs }: ConvGeometry, threads: number): Tiling {
  const [down, across] = [height, width].map((size) => Math.ceil(size / 4));
  const tiles = batch * down * across;
  const few = tiles <= FEW_TILES * threads;
  const block = few ? tiles : BLOCK;
  const pitch = roundUp(channels, 4) + ROW_GAP;
  const productPitch = roundUp(few && threads > 1 ? outputs / (RANGES_PER_THREAD * threads) : outputs, 8);
  // Products are made four tiles at a time.
  const [plane, productPlane] = [pitch, productPitch].map((values) => roundUp(block, 4) * values * 4 + PLANE_GAP);
  const ownBytes = SCRATCH_BYTES + pitch * 4 + PLANES * (productPlane + (few ? 0 : plane));
  return {
    ...{ height, width, channels, outputs, down, across, tiles, block },
    depth: roundUp(channels / Math.ceil(channels / DEPTH), 4),
    ...{ pitch, productPitch, plane, productPlane },
    filterPlane: channels * roundUp(outputs, 8) * 4 + PLANE_GAP,
    scratch: roundUp(ownBytes, 64),
  };
}

function writeTiling(simd: Simd, tiling: Tiling): number {
  const address = simd.scratch(tilingFields.length * 4);
  const words = tilingFields.map((field) => tiling[field]);
  simd.int32(address, words.length).set(words);
  return address;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
