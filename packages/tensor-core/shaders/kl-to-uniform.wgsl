// Rows of the KL divergence of softmax(logits) from the uniform distribution, and its gradient. (ops/kl-to-uniform.ts)
#include row

struct Parameters {
  rows: u32,
  width: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> logSumExp: array<f32>;
@group(0) @binding(2) var<storage, read_write> divergence: array<f32>;
@group(0) @binding(1) var<storage, read> savedLogSumExp: array<f32>;
@group(0) @binding(2) var<storage, read> savedDivergence: array<f32>;
@group(0) @binding(3) var<storage, read> dloss: array<f32>;
@group(0) @binding(4) var<storage, read_write> dlogits: array<f32>;

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
  let logarithm = largest + log(sumOfExponentials(at, parameters.width, largest, lane));
  var sum = 0.0;
  for (var i = at + lane; i < at + parameters.width; i += INVOCATIONS) {
    let logProbability = logits[i] - logarithm;
    sum += exp(logProbability) * logProbability;
  }
  let negativeEntropy = sumOverGroup(sum, lane);
  if (lane == 0) {
    logSumExp[row] = logarithm;
    divergence[row] = negativeEntropy + log(f32(parameters.width));
  }
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = groupOf(groups) * INVOCATIONS + lane;
  if (i >= parameters.rows * parameters.width) {
    return;
  }
  let row = i / parameters.width;
  let logProbability = logits[i] - savedLogSumExp[row];
  let negativeEntropy = savedDivergence[row] - log(f32(parameters.width));
  dlogits[i] = dloss[0] / f32(parameters.rows) * exp(logProbability) * (logProbability - negativeEntropy);
}
