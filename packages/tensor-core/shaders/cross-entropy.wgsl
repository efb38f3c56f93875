// Rows of a mean cross-entropy with label smoothing, and its gradient (softmax - smoothed target) dloss / rows.
// (ops/cross-entropy.ts)
#include row
#include quiet-nan

struct Parameters {
  rows: u32,
  width: u32,
  // Rows of the mean.
  total: u32,
  smoothing: f32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<i32>;
@group(0) @binding(2) var<storage, read_write> logSumExp: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(2) var<storage, read> savedLogSumExp: array<vec2f>;
@group(0) @binding(3) var<storage, read> dloss: array<f32>;
@group(0) @binding(4) var<storage, read_write> dlogits: array<f32>;

fn score(i: u32) -> f32 {
  return logits[i];
}

fn isTarget(label: i32) -> bool {
  return label >= 0 && u32(label) < parameters.width;
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
  var sum = 0.0;
  if (parameters.smoothing > 0.0) {
    for (var i = at + lane; i < at + parameters.width; i += INVOCATIONS) {
      sum += logits[i] - largest;
    }
  }
  let total = sumOverGroup(sum, lane);
  if (lane == 0) {
    let label = targets[row];
    var loss = quietNan();
    if (isTarget(label)) {
      // Everything relative to the largest logit: a common offset costs no digits.
      let right = logits[at + u32(label)] - largest;
      loss = logarithm - (1.0 - parameters.smoothing) * right - parameters.smoothing * total / f32(parameters.width);
    }
    logSumExp[row] = vec2f(largest, logarithm);
    losses[row] = loss;
  }
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = groupOf(groups) * INVOCATIONS + lane;
  if (i >= parameters.rows * parameters.width) {
    return;
  }
  let row = i / parameters.width;
  let label = targets[row];
  if (!isTarget(label)) {
    dlogits[i] = quietNan();
    return;
  }
  let right = select(0.0, 1.0 - parameters.smoothing, u32(label) == i % parameters.width);
  let wanted = parameters.smoothing / f32(parameters.width) + right;
  // A factor, as in attention.wgsl.
  let probability = exp(logits[i] - savedLogSumExp[row].x) * exp(-savedLogSumExp[row].y);
  dlogits[i] = (probability - wanted) * dloss[0] / f32(parameters.total);
}
