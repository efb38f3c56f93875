// Products of two matrices, either of them stored by rows or by columns, and what comes after them. (ops/linear.ts,
// ops/linear-gelu.ts, ops/linear-residual.ts, ops/matmul.ts)
struct Parameters {
  rows: u32,
  columns: u32,
  depth: u32,
  chunk: u32,
  leftStride: u32,
  rightStride: u32,
  rightOffset: u32,
  perSample: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
#if LEFT_HALF
@group(0) @binding(0) var<storage, read> left: array<vec2u>;
#else
#if LEFT_BY_FOUR
@group(0) @binding(0) var<storage, read> left: array<vec4f>;
#else
@group(0) @binding(0) var<storage, read> left: array<f32>;
#endif
#endif
#if RIGHT_HALF
@group(0) @binding(1) var<storage, read> right: array<vec2u>;
#else
#if RIGHT_BY_FOUR
@group(0) @binding(1) var<storage, read> right: array<vec4f>;
#else
@group(0) @binding(1) var<storage, read> right: array<f32>;
#endif
#endif
#include result

// A quad starts `at` and has `count` values before the end of its row or column; none if the other index is outside.
fn leftQuad(row: u32, k: u32) -> vec4f {
  if (row >= parameters.rows || k >= parameters.depth) {
    return vec4f();
  }
  let at = select(k * parameters.leftStride + row, row * parameters.leftStride + k, LEFT_BY_K);
#if LEFT_HALF
  return ofHalves(left[at / 4]);
#else
#if LEFT_BY_FOUR
  return left[at / 4];
#else
  let count = select(parameters.rows - row, parameters.depth - k, LEFT_BY_K);
  var quad = vec4f(left[at], 0, 0, 0);
  if (count > 1) {
    quad.y = left[at + 1];
  }
  if (count > 2) {
    quad.z = left[at + 2];
  }
  if (count > 3) {
    quad.w = left[at + 3];
  }
  return quad;
#endif
#endif
}

fn rightQuad(column: u32, k: u32) -> vec4f {
  if (column >= parameters.columns || k >= parameters.depth) {
    return vec4f();
  }
  let at = parameters.rightOffset
    + select(k * parameters.rightStride + column, column * parameters.rightStride + k, RIGHT_BY_K);
#if RIGHT_HALF
  return ofHalves(right[at / 4]);
#else
#if RIGHT_BY_FOUR
  return right[at / 4];
#else
  let count = select(parameters.columns - column, parameters.depth - k, RIGHT_BY_K);
  var quad = vec4f(right[at], 0, 0, 0);
  if (count > 1) {
    quad.y = right[at + 1];
  }
  if (count > 2) {
    quad.z = right[at + 2];
  }
  if (count > 3) {
    quad.w = right[at + 3];
  }
  return quad;
#endif
#endif
}

#include product
