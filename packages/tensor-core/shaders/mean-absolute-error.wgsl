// The mean of |x - target|. (ops/mean-absolute-error.ts)
#include partial-sums
#include nan

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
  return abs(x[i] - expected[i]);
}

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let sum = sumTerms(parameters.size, groups, lane);
  if (lane == 0) {
    partials[groups.id.x] = sum;
  }
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = groupOf(groups) * INVOCATIONS + lane;
  if (i >= parameters.size) {
    return;
  }
  let difference = x[i] - expected[i];
  let slope = select(sign(difference), difference, isNan(difference));
  gradient[i] = parameters.factor * dloss[0] * slope;
}
