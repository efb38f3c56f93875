// The divergence of a mean distribution from the uniform one, and its gradient by rows of logits: with g = ln mean,
// dlogit = dy q (g - sum(q g)) / rows. (ops/kl-of-mean-to-uniform.ts)
#include row

struct Parameters {
  rows: u32,
  width: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> mean: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dlogits: array<f32>;

fn score(i: u32) -> f32 {
  return logits[i];
}

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < parameters.width; i += INVOCATIONS) {
    let share = mean[i];
    if (share > 0.0) {
      sum += share * log(share * f32(parameters.width));
    }
  }
  let total = sumOverGroup(sum, lane);
  if (lane == 0) {
    y[0] = total;
  }
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let row = groupOf(groups);
  if (row >= parameters.rows) {
    return;
  }
  let at = row * parameters.width;
  let largest = largestOfRow(at, parameters.width, lane);
  let sum = sumOfExponentials(at, parameters.width, largest, lane);
  var product = 0.0;
  for (var i = lane; i < parameters.width; i += INVOCATIONS) {
    let probability = exp(logits[at + i] - largest) / sum;
    if (probability > 0.0) {
      product += probability * log(mean[i]);
    }
  }
  let average = sumOverGroup(product, lane);
  for (var i = lane; i < parameters.width; i += INVOCATIONS) {
    let probability = exp(logits[at + i] - largest) / sum;
    var gradient = 0.0;
    if (probability > 0.0) {
      gradient = dy[0] * probability * (log(mean[i]) - average) / f32(parameters.rows);
    }
    dlogits[at + i] = gradient;
  }
}
