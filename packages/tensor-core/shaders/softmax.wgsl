// y = exp(x - max) / sum(exp(x - max)) along rows, and dx = y (dy - sum(y dy)). (ops/softmax.ts)
#include row

struct Parameters {
  rows: u32,
  width: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(0) var<storage, read> result: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

fn score(i: u32) -> f32 {
  return x[i];
}

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let row = groupOf(groups);
  if (row >= parameters.rows) {
    return;
  }
  let at = row * parameters.width;
  let largest = largestOfRow(at, parameters.width, lane);
  let sum = sumOfExponentials(at, parameters.width, largest, lane);
  for (var i = at + lane; i < at + parameters.width; i += INVOCATIONS) {
    y[i] = exp(x[i] - largest) / sum;
  }
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let row = groupOf(groups);
  if (row >= parameters.rows) {
    return;
  }
  let at = row * parameters.width;
  var product = 0.0;
  for (var i = at + lane; i < at + parameters.width; i += INVOCATIONS) {
    product += result[i] * dy[i];
  }
  let sum = sumOverGroup(product, lane);
  for (var i = at + lane; i < at + parameters.width; i += INVOCATIONS) {
    dx[i] = result[i] * (dy[i] - sum);
  }
}
