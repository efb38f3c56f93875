// Results of a product: [splits][rows][columns], with a bias for each column where there is one.
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#endif
#if RESULT_BY_FOUR
@group(0) @binding(RESULT) var<storage, read_write> result: array<vec4f>;
#else
@group(0) @binding(RESULT) var<storage, read_write> result: array<f32>;
#endif

fn finish(split: u32, row: u32, column: u32, values: vec4f) {
  if (row >= parameters.rows || column >= parameters.columns) {
    return;
  }
  let at = (split * parameters.rows + row) * parameters.columns + column;
#if RESULT_BY_FOUR
#if BIAS
  result[at / 4] = values + vec4f(bias[column], bias[column + 1], bias[column + 2], bias[column + 3]);
#else
  result[at / 4] = values;
#endif
#else
  for (var i = 0u; i < min(4, parameters.columns - column); i++) {
#if BIAS
    result[at + i] = values[i] + bias[column + i];
#else
    result[at + i] = values[i];
#endif
  }
#endif
}
