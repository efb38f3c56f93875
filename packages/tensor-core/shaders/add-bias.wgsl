// y = x + bias along the last axis. (ops/add-bias.ts; its gradient is a sum over rows: row-sums.wgsl)
#include element

struct Parameters {
  size: u32,
  width: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  y[i] = x[i] + bias[i % parameters.width];
}
