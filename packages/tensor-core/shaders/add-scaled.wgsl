// z = x + scale * y, and the same in place. (ops/add-scaled.ts, ops/accumulate.ts)
#include element

struct Parameters {
  size: u32,
  scale: f32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> z: array<f32>;
@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> accumulated: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  z[i] = x[i] + parameters.scale * y[i];
}

@compute @workgroup_size(INVOCATIONS)
fn accumulate(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  accumulated[i] += parameters.scale * source[i];
}
