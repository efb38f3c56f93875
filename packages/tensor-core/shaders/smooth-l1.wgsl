// With d = x - target: the mean of d^2 / 2 where |d| < 1 and |d| - 1/2 elsewhere. (ops/smooth-l1.ts)
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
  let distance = abs(x[i] - expected[i]);
  return select(distance - 0.5, 0.5 * distance * distance, distance < 1.0);
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
  let clamped = select(clamp(difference, -1.0, 1.0), difference, isNan(difference));
  gradient[i] = parameters.factor * dloss[0] * clamped;
}
