// to = factor * source: gradients that are another tensor's values.
#include element

struct Parameters {
  size: u32,
  factor: f32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> to: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn main(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  to[i] = parameters.factor * source[i];
}
