// Results of a product: [splits][rows][columns], with a bias for each column where there is one. GELU puts the activation after
// it, RESIDUAL (a binding) x + sum * scale * keep; BEFORE stores the sums themselves, too, for the backward pass. Either
// is stored in f16 where RESULT_HALF or BEFORE_HALF says so, and rows are multiples of four.
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#endif
#if RESIDUAL
@group(0) @binding(RESIDUAL) var<storage, read> scale: array<f32>;
@group(0) @binding(RESIDUAL + 1) var<storage, read> keep: array<f32>;
@group(0) @binding(RESIDUAL + 2) var<storage, read> residual: array<f32>;
#endif
#if RESULT_HALF
@group(0) @binding(RESULT) var<storage, read_write> result: array<vec2u>;
#else
#if RESULT_BY_FOUR
@group(0) @binding(RESULT) var<storage, read_write> result: array<vec4f>;
#else
@group(0) @binding(RESULT) var<storage, read_write> result: array<f32>;
#endif
#endif
#if BEFORE
#if BEFORE_HALF
@group(0) @binding(RESULT + 1) var<storage, read_write> before: array<vec2u>;
#else
#if RESULT_BY_FOUR
@group(0) @binding(RESULT + 1) var<storage, read_write> before: array<vec4f>;
#else
@group(0) @binding(RESULT + 1) var<storage, read_write> before: array<f32>;
#endif
#endif
#endif
#if GELU
#include normal-cdf
#endif

fn after(at: u32, row: u32, column: u32, sum: f32) -> f32 {
#if GELU
  return sum * normalCdf(sum, exp(-0.5 * sum * sum));
#else
#if RESIDUAL
  var factor = 1.0;
#if SCALE
  factor = scale[column];
#endif
#if KEEP
  factor *= keep[row / parameters.perSample];
#endif
  return residual[at] + sum * factor;
#else
  return sum;
#endif
#endif
}

fn finish(split: u32, row: u32, column: u32, values: vec4f) {
  if (row >= parameters.rows || column >= parameters.columns) {
    return;
  }
  let at = (split * parameters.rows + row) * parameters.columns + column;
#if RESULT_BY_FOUR
#if BIAS
  let sums = values + vec4f(bias[column], bias[column + 1], bias[column + 2], bias[column + 3]);
#else
  let sums = values;
#endif
#if BEFORE
#if BEFORE_HALF
  before[at / 4] = toHalves(sums);
#else
  before[at / 4] = sums;
#endif
#endif
  let results = vec4f(
    after(at, row, column, sums.x),
    after(at + 1, row, column + 1, sums.y),
    after(at + 2, row, column + 2, sums.z),
    after(at + 3, row, column + 3, sums.w),
  );
#if RESULT_HALF
  result[at / 4] = toHalves(results);
#else
  result[at / 4] = results;
#endif
#else
  for (var i = 0u; i < min(4, parameters.columns - column); i++) {
#if BIAS
    let sum = values[i] + bias[column + i];
#else
    let sum = values[i];
#endif
#if BEFORE
    before[at + i] = sum;
#endif
    result[at + i] = after(at + i, row, column + i, sum);
  }
#endif
}
