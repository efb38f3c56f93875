// Class token, then patches or mask tokens, plus positions; and the gradient of the patches. (ops/assemble-tokens.ts)
#include element

struct Parameters {
  size: u32,
  count: u32,
  width: u32,
  hasMask: u32,
  hasPosition: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> mask: array<i32>;
@group(0) @binding(1) var<storage, read> patches: array<f32>;
@group(0) @binding(2) var<storage, read> classToken: array<f32>;
@group(0) @binding(3) var<storage, read> maskToken: array<f32>;
@group(0) @binding(4) var<storage, read> position: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dpatches: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let channel = i % parameters.width;
  let token = i / parameters.width;
  let n = token % (parameters.count + 1);
  var value = classToken[channel];
  if (n > 0) {
    let index = token / (parameters.count + 1) * parameters.count + n - 1;
    value = patches[index * parameters.width + channel];
    if (parameters.hasMask != 0) {
      if (mask[index] != 0) {
        value = maskToken[channel];
      }
    }
  }
  if (parameters.hasPosition != 0) {
    value += position[n * parameters.width + channel];
  }
  y[i] = value;
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let index = i / parameters.width;
  let token = index + index / parameters.count + 1;
  var gradient = dy[token * parameters.width + i % parameters.width];
  if (parameters.hasMask != 0) {
    if (mask[index] != 0) {
      gradient = 0.0;
    }
  }
  dpatches[i] = gradient;
}
