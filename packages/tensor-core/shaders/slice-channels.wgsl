// Channels [start, start + length) of the last axis, and a gradient with zeros around them. (ops/slice-channels.ts)
#include element

struct Parameters {
  size: u32,
  width: u32,
  start: u32,
  length: u32,
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
  y[i] = x[i / parameters.length * parameters.width + parameters.start + i % parameters.length];
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let channel = i % parameters.width;
  var gradient = 0.0;
  if (channel >= parameters.start && channel < parameters.start + parameters.length) {
    gradient = dy[i / parameters.width * parameters.length + channel - parameters.start];
  }
  dx[i] = gradient;
}
