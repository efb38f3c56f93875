// Tokens at their places in longer sequences, one other token at the places that are left; and the gradient of the tokens.
// (ops/scatter-tokens.ts)
#include element

struct Parameters {
  size: u32,
  tokens: u32,
  places: u32,
  width: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> index: array<i32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> fill: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let channel = i % parameters.width;
  let row = i / parameters.width;
  let token = index[row];
  var value = fill[channel];
  if (token >= 0) {
    value = x[(row / parameters.places * parameters.tokens + u32(token)) * parameters.width + channel];
  }
  y[i] = value;
}

// The places are looked through in their order, so that no result depends on how invocations are scheduled.
@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let channel = i % parameters.width;
  let row = i / parameters.width;
  let first = row / parameters.tokens * parameters.places;
  let token = i32(row % parameters.tokens);
  var sum = 0.0;
  for (var place = first; place < first + parameters.places; place++) {
    if (index[place] == token) {
      sum += dy[place * parameters.width + channel];
    }
  }
  dx[i] = sum;
}
