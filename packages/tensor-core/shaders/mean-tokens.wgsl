// Mean of the tokens from `start` on. (ops/mean-tokens.ts)
#include element

struct Parameters {
  size: u32,
  tokens: u32,
  width: u32,
  start: u32,
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
  let sample = i / parameters.width;
  var sum = 0.0;
  for (var n = parameters.start; n < parameters.tokens; n++) {
    sum += x[(sample * parameters.tokens + n) * parameters.width + i % parameters.width];
  }
  y[i] = sum / f32(parameters.tokens - parameters.start);
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let n = i / parameters.width % parameters.tokens;
  let sample = i / parameters.width / parameters.tokens;
  let gradient = dy[sample * parameters.width + i % parameters.width] / f32(parameters.tokens - parameters.start);
  dx[i] = select(0.0, gradient, n >= parameters.start);
}
