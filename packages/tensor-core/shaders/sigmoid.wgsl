// y = 1 / (1 + exp(-x)), with exponents of one sign so that none overflows; dx = dy y (1 - y). (ops/sigmoid.ts)
#include element

struct Parameters {
  size: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(0) var<storage, read> result: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let value = x[i];
  let small = exp(-abs(value));
  y[i] = select(1.0, small, value < 0.0) / (1.0 + small);
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  dx[i] = dy[i] * result[i] * (1.0 - result[i]);
}
