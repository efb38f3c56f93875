// y = (x - mean) rstd gamma + beta along rows. Its gradient: with h = (x - mean) rstd and g = dy gamma,
// dx = rstd (g - average(g) - h average(g h)). (ops/layer-norm.ts)
#include reduce
#include half

struct Parameters {
  rows: u32,
  width: u32,
  epsilon: f32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
#if Y_HALF
@group(0) @binding(3) var<storage, read_write> y: array<vec2u>;
#else
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
#endif
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> rstd: array<f32>;
@group(0) @binding(2) var<storage, read> savedMean: array<f32>;
@group(0) @binding(3) var<storage, read> savedRstd: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let row = groupOf(groups);
  if (row >= parameters.rows) {
    return;
  }
  let at = row * parameters.width;
  // Around the row's first value, so that the mean of one repeated value is that value.
  let first = x[at];
  var sum = 0.0;
  for (var i = at + lane; i < at + parameters.width; i += INVOCATIONS) {
    sum += x[i] - first;
  }
  let average = first + sumOverGroup(sum, lane) / f32(parameters.width);
  var squares = 0.0;
  for (var i = at + lane; i < at + parameters.width; i += INVOCATIONS) {
    squares += (x[i] - average) * (x[i] - average);
  }
  let variance = sumOverGroup(squares, lane) / f32(parameters.width);
  let factor = 1.0 / sqrt(variance + parameters.epsilon);
#if Y_HALF
  for (var i = lane * 4; i < parameters.width; i += INVOCATIONS * 4) {
    var values: vec4f;
    for (var j = 0u; j < 4; j++) {
      values[j] = (x[at + i + j] - average) * factor * gamma[i + j] + beta[i + j];
    }
    y[(at + i) / 4] = toHalves(values);
  }
#else
  for (var i = lane; i < parameters.width; i += INVOCATIONS) {
    y[at + i] = (x[at + i] - average) * factor * gamma[i] + beta[i];
  }
#endif
  if (lane == 0) {
    mean[row] = average;
    rstd[row] = factor;
  }
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let row = groupOf(groups);
  if (row >= parameters.rows) {
    return;
  }
  let at = row * parameters.width;
  let average = savedMean[row];
  let factor = savedRstd[row];
  var gradients = 0.0;
  var products = 0.0;
  for (var i = lane; i < parameters.width; i += INVOCATIONS) {
    let gradient = dy[at + i] * gamma[i];
    gradients += gradient;
    products += gradient * (x[at + i] - average) * factor;
  }
  let meanGradient = sumOverGroup(gradients, lane) / f32(parameters.width);
  let meanProduct = sumOverGroup(products, lane) / f32(parameters.width);
  for (var i = lane; i < parameters.width; i += INVOCATIONS) {
    let normalized = (x[at + i] - average) * factor;
    dx[at + i] = factor * (dy[at + i] * gamma[i] - meanGradient - normalized * meanProduct);
  }
}
