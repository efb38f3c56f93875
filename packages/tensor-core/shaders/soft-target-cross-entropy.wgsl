// Rows of a mean cross-entropy against weights of all entries, and its gradients. (ops/soft-target-cross-entropy.ts)
#include row

struct Parameters {
  rows: u32,
  width: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<f32>;
@group(0) @binding(2) var<storage, read_write> logSumExp: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> mass: array<f32>;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;
@group(0) @binding(2) var<storage, read> savedLogSumExp: array<vec2f>;
@group(0) @binding(3) var<storage, read> savedMass: array<f32>;
@group(0) @binding(4) var<storage, read> dloss: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;

fn score(i: u32) -> f32 {
  return logits[i];
}

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let row = groupOf(groups);
  if (row >= parameters.rows) {
    return;
  }
  let at = row * parameters.width;
  let largest = largestOfRow(at, parameters.width, lane);
  let logarithm = log(sumOfExponentials(at, parameters.width, largest, lane));
  var aims = 0.0;
  var costs = 0.0;
  for (var i = at + lane; i < at + parameters.width; i += INVOCATIONS) {
    aims += targets[i];
    // Everything relative to the largest logit: a common offset costs no digits.
    costs += targets[i] * (logarithm - (logits[i] - largest));
  }
  let total = sumOverGroup(aims, lane);
  let loss = sumOverGroup(costs, lane);
  if (lane == 0) {
    logSumExp[row] = vec2f(largest, logarithm);
    mass[row] = total;
    losses[row] = loss;
  }
}

@compute @workgroup_size(INVOCATIONS)
fn logitGradient(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = groupOf(groups) * INVOCATIONS + lane;
  if (i >= parameters.rows * parameters.width) {
    return;
  }
  let row = i / parameters.width;
  // A factor, as in attention.wgsl.
  let probability = exp(logits[i] - savedLogSumExp[row].x) * exp(-savedLogSumExp[row].y);
  gradient[i] = (savedMass[row] * probability - targets[i]) * dloss[0] / f32(parameters.rows);
}

@compute @workgroup_size(INVOCATIONS)
fn targetGradient(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = groupOf(groups) * INVOCATIONS + lane;
  if (i >= parameters.rows * parameters.width) {
    return;
  }
  let saved = savedLogSumExp[i / parameters.width];
  gradient[i] = (saved.y - (logits[i] - saved.x)) * dloss[0] / f32(parameters.rows);
}
