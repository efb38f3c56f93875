// max(x, 0) - x y + ln(1 + exp(-|x|)), the mean over elements, each times its weight where there are weights.
// (ops/binary-cross-entropy.ts)
#include partial-sums

struct Parameters {
  size: u32,
  hasWeights: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> weights: array<f32>;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<f32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;
@group(0) @binding(3) var<storage, read> dloss: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradient: array<f32>;

fn lossOf(i: u32) -> f32 {
  let x = logits[i];
  let z = exp(-abs(x));
  // ln(1 + z) loses the digits of a small z: there it is z - z^2 / 2, whose next term is none in float32.
  let rest = select(log(1.0 + z), z - 0.5 * z * z, z < 1e-3);
  return max(x, 0.0) - x * targets[i] + rest;
}

fn weightOf(i: u32) -> f32 {
  if (parameters.hasWeights != 0) {
    return weights[i];
  }
  return 1.0;
}

fn term(i: u32) -> f32 {
  return weightOf(i) * lossOf(i);
}

@compute @workgroup_size(INVOCATIONS)
fn logitGradient(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = groupOf(groups) * INVOCATIONS + lane;
  if (i >= parameters.size) {
    return;
  }
  let x = logits[i];
  let small = exp(-abs(x));
  let probability = select(1.0, small, x < 0.0) / (1.0 + small);
  gradient[i] = dloss[0] / f32(parameters.size) * weightOf(i) * (probability - targets[i]);
}

@compute @workgroup_size(INVOCATIONS)
fn targetGradient(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = groupOf(groups) * INVOCATIONS + lane;
  if (i >= parameters.size) {
    return;
  }
  gradient[i] = -dloss[0] / f32(parameters.size) * weightOf(i) * logits[i];
}

@compute @workgroup_size(INVOCATIONS)
fn weightGradient(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = groupOf(groups) * INVOCATIONS + lane;
  if (i >= parameters.size) {
    return;
  }
  gradient[i] = dloss[0] / f32(parameters.size) * lossOf(i);
}
