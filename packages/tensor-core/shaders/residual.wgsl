// y = x + branch * scale * keep, with the layer scale of the channel and the drop path of the sample; both may be absent.
// (ops/residual.ts)
#include element

struct Parameters {
  size: u32,
  width: u32,
  perSample: u32,
  hasScale: u32,
  hasKeep: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> scale: array<f32>;
@group(0) @binding(1) var<storage, read> keep: array<f32>;
@group(0) @binding(2) var<storage, read> branch: array<f32>;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dbranch: array<f32>;

fn factorOf(i: u32) -> f32 {
  var factor = 1.0;
  if (parameters.hasScale != 0) {
    factor = scale[i % parameters.width];
  }
  if (parameters.hasKeep != 0) {
    factor *= keep[i / parameters.perSample];
  }
  return factor;
}

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  y[i] = x[i] + branch[i] * factorOf(i);
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  dbranch[i] = dy[i] * factorOf(i);
}
