// The mean over all elements of a loss of x - target: a shader says the `loss` of one difference and its `slope`, up to a factor of the host's.
#include partial-sums

struct Parameters {
  size: u32,
  factor: f32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> expected: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;
@group(0) @binding(2) var<storage, read> dloss: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;

fn term(i: u32) -> f32 {
  return loss(x[i] - expected[i]);
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = groupOf(groups) * INVOCATIONS + lane;
  if (i >= parameters.size) {
    return;
  }
  gradient[i] = parameters.factor * dloss[0] * slope(x[i] - expected[i]);
}
