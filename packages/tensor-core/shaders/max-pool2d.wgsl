// Largest value of each window and its place, as PyTorch: the first one wins, and a NaN is one. (ops/max-pool2d.ts)
#include element
#include nan

// `width` and `size` are of y going forward, of x going back.
struct Parameters {
  size: u32,
  width: u32,
  channels: u32,
  window: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> places: array<i32>;
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> saved: array<i32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let window = parameters.window;
  let channel = i % parameters.channels;
  let column = i / parameters.channels % parameters.width * window;
  let row = i / parameters.channels / parameters.width * window;
  let wide = parameters.width * window;
  var largest = x[(row * wide + column) * parameters.channels + channel];
  var found = 0u;
  for (var k = 1u; k < window * window; k++) {
    let value = x[((row + k / window) * wide + column + k % window) * parameters.channels + channel];
    // The last NaN of a window is remembered, as every larger value is.
    if (isNan(value) || (!isNan(largest) && value > largest)) {
      largest = value;
      found = k;
    }
  }
  y[i] = largest;
  places[i] = i32(found);
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let window = parameters.window;
  let channel = i % parameters.channels;
  let column = i / parameters.channels % parameters.width;
  let row = i / parameters.channels / parameters.width;
  let pooled = (row / window * (parameters.width / window) + column / window) * parameters.channels + channel;
  let k = row % window * window + column % window;
  dx[i] = select(0.0, dy[pooled], saved[pooled] == i32(k));
}
