// Convolutions of NHWC images as products whose factors are read where they lie (implicit GEMM). An image [batch, height,
// width, channels], a filter [outputs, kernelHeight, kernelWidth, channels] and positions [batch, rows, columns, outputs]
// meet in every product; KIND says which of the three is the result.
// (ops/conv2d-taps.ts; a transposed convolution is the gradient of the image)
struct Parameters {
  // Of the product.
  rows: u32,
  columns: u32,
  depth: u32,
  chunk: u32,
  height: u32,
  width: u32,
  channels: u32,
  outputs: u32,
  kernelHeight: u32,
  kernelWidth: u32,
  positionRows: u32,
  positionColumns: u32,
  stride: u32,
  padding: u32,
}

const OF_POSITIONS = 0;
const OF_IMAGE = 1;
const OF_FILTER = 2;

@group(1) @binding(0) var<uniform> parameters: Parameters;
#if BY_FOUR
@group(0) @binding(0) var<storage, read> left: array<vec4f>;
@group(0) @binding(1) var<storage, read> right: array<vec4f>;
#else
@group(0) @binding(0) var<storage, read> left: array<f32>;
@group(0) @binding(1) var<storage, read> right: array<f32>;
#endif
#include result

const OUTSIDE = 0xffffffffu;

// Offset of a pixel's first channel under a tap of a position.
fn pixelOf(position: u32, tap: u32) -> u32 {
  let column = position % parameters.positionColumns;
  let row = position / parameters.positionColumns % parameters.positionRows;
  let sample = position / parameters.positionColumns / parameters.positionRows;
  // Below zero it wraps round to more than any side.
  let y = row * parameters.stride + tap / parameters.kernelWidth - parameters.padding;
  let x = column * parameters.stride + tap % parameters.kernelWidth - parameters.padding;
  if (y >= parameters.height || x >= parameters.width) {
    return OUTSIDE;
  }
  return ((sample * parameters.height + y) * parameters.width + x) * parameters.channels;
}

// Offset of the first output of the position that sees a pixel under a tap.
fn positionOf(pixel: u32, tap: u32) -> u32 {
  let x = pixel % parameters.width + parameters.padding - tap % parameters.kernelWidth;
  let y = pixel / parameters.width % parameters.height + parameters.padding - tap / parameters.kernelWidth;
  let sample = pixel / parameters.width / parameters.height;
  let column = x / parameters.stride;
  let row = y / parameters.stride;
  let isSeen = x % parameters.stride == 0 && y % parameters.stride == 0;
  if (!isSeen || row >= parameters.positionRows || column >= parameters.positionColumns) {
    return OUTSIDE;
  }
  return ((sample * parameters.positionRows + row) * parameters.positionColumns + column) * parameters.outputs;
}

// Offsets of single values; a quad along the contiguous axis is one piece where BY_FOUR says that sides are multiples of 4.
fn leftOffset(row: u32, k: u32) -> u32 {
  if (row >= parameters.rows || k >= parameters.depth) {
    return OUTSIDE;
  }
  if (KIND == OF_POSITIONS) {
    let pixel = pixelOf(row, k / parameters.channels);
    return select(pixel + k % parameters.channels, OUTSIDE, pixel == OUTSIDE);
  }
  if (KIND == OF_IMAGE) {
    let position = positionOf(row, k / parameters.outputs);
    return select(position + k % parameters.outputs, OUTSIDE, position == OUTSIDE);
  }
  return k * parameters.outputs + row;
}

fn rightOffset(column: u32, k: u32) -> u32 {
  if (column >= parameters.columns || k >= parameters.depth) {
    return OUTSIDE;
  }
  if (KIND == OF_POSITIONS) {
    return column * parameters.depth + k;
  }
  if (KIND == OF_IMAGE) {
    let taps = parameters.kernelHeight * parameters.kernelWidth;
    return (k % parameters.outputs * taps + k / parameters.outputs) * parameters.channels + column;
  }
  let pixel = pixelOf(k, column / parameters.channels);
  return select(pixel + column % parameters.channels, OUTSIDE, pixel == OUTSIDE);
}

#if BY_FOUR
fn leftQuad(row: u32, k: u32) -> vec4f {
  let at = leftOffset(row, k);
  if (at == OUTSIDE) {
    return vec4f();
  }
  return left[at / 4];
}

fn rightQuad(column: u32, k: u32) -> vec4f {
  let at = rightOffset(column, k);
  if (at == OUTSIDE) {
    return vec4f();
  }
  return right[at / 4];
}
#else
fn leftAt(row: u32, k: u32) -> f32 {
  let at = leftOffset(row, k);
  if (at == OUTSIDE) {
    return 0;
  }
  return left[at];
}

fn rightAt(column: u32, k: u32) -> f32 {
  let at = rightOffset(column, k);
  if (at == OUTSIDE) {
    return 0;
  }
  return right[at];
}

// Loops, because compilers copy what is called to every call.
fn leftQuad(row: u32, k: u32) -> vec4f {
  var quad: vec4f;
  for (var i = 0u; i < 4; i++) {
    quad[i] = leftAt(select(row + i, row, LEFT_BY_K), select(k, k + i, LEFT_BY_K));
  }
  return quad;
}

fn rightQuad(column: u32, k: u32) -> vec4f {
  var quad: vec4f;
  for (var i = 0u; i < 4; i++) {
    quad[i] = rightAt(select(column + i, column, RIGHT_BY_K), select(k, k + i, RIGHT_BY_K));
  }
  return quad;
}
#endif

#include product
