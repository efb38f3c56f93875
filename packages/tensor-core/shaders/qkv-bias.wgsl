// Query bias, zeros, value bias. (ops/qkv-bias.ts; its gradients are slices)
#include element

struct Parameters {
  width: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> query: array<f32>;
@group(0) @binding(1) var<storage, read> value: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= 3 * parameters.width) {
    return;
  }
  let width = parameters.width;
  if (i < width) {
    y[i] = query[i];
  } else if (i < 2 * width) {
    y[i] = 0.0;
  } else {
    y[i] = value[i - 2 * width];
  }
}
