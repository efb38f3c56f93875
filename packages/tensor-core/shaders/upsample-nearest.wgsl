// Every pixel becomes a square; its gradient is the sum over it. (ops/upsample-nearest.ts)
#include element

// `width` and `size` are of the smaller side going back, of the larger one going forward.
struct Parameters {
  size: u32,
  width: u32,
  channels: u32,
  factor: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let channel = i % parameters.channels;
  let column = i / parameters.channels % parameters.width;
  let row = i / parameters.channels / parameters.width;
  let pixel = row / parameters.factor * (parameters.width / parameters.factor) + column / parameters.factor;
  y[i] = x[pixel * parameters.channels + channel];
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let channel = i % parameters.channels;
  let column = i / parameters.channels % parameters.width * parameters.factor;
  let row = i / parameters.channels / parameters.width * parameters.factor;
  let wide = parameters.width * parameters.factor;
  var sum = 0.0;
  for (var r = row; r < row + parameters.factor; r++) {
    for (var c = column; c < column + parameters.factor; c++) {
      sum += dy[(r * wide + c) * parameters.channels + channel];
    }
  }
  dx[i] = sum;
}
