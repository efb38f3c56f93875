// Second half of a sum over all elements: factor * the sum of partials. One workgroup.
#include reduce

struct Parameters {
  size: u32,
  factor: f32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> partials: array<f32>;
@group(0) @binding(1) var<storage, read_write> total: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn main(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < parameters.size; i += INVOCATIONS) {
    sum += partials[i];
  }
  let result = sumOverGroup(sum, lane) * parameters.factor;
  if (lane == 0) {
    total[0] = result;
  }
}
