// softmax((logits + noise) / temperature) along rows, and the one-hot row of its largest. (ops/gumbel-softmax.ts)
#include row

struct Parameters {
  rows: u32,
  width: u32,
  isHard: u32,
  temperature: f32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> noise: array<f32>;
@group(0) @binding(2) var<storage, read_write> soft: array<f32>;
@group(0) @binding(3) var<storage, read_write> hard: array<f32>;
@group(0) @binding(0) var<storage, read> probabilities: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dlogits: array<f32>;

fn score(i: u32) -> f32 {
  return (logits[i] + noise[i]) / parameters.temperature;
}

var<workgroup> firstLargest: atomic<u32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let row = groupOf(groups);
  if (row >= parameters.rows) {
    return;
  }
  let at = row * parameters.width;
  let largest = largestOfRow(at, parameters.width, lane);
  let sum = sumOfExponentials(at, parameters.width, largest, lane);
  if (lane == 0) {
    atomicStore(&firstLargest, parameters.width);
  }
  workgroupBarrier();
  for (var i = lane; i < parameters.width; i += INVOCATIONS) {
    let value = score(at + i);
    soft[at + i] = exp(value - largest) / sum;
    if (value == largest) {
      atomicMin(&firstLargest, i);
    }
  }
  if (parameters.isHard == 0) {
    return;
  }
  workgroupBarrier();
  // Nothing equals a largest value that is NaN.
  let chosen = atomicLoad(&firstLargest) % parameters.width;
  for (var i = lane; i < parameters.width; i += INVOCATIONS) {
    hard[at + i] = select(0.0, 1.0, i == chosen);
  }
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let row = groupOf(groups);
  if (row >= parameters.rows) {
    return;
  }
  let at = row * parameters.width;
  var product = 0.0;
  for (var i = at + lane; i < at + parameters.width; i += INVOCATIONS) {
    product += probabilities[i] * dy[i];
  }
  let mean = sumOverGroup(product, lane);
  for (var i = at + lane; i < at + parameters.width; i += INVOCATIONS) {
    dlogits[i] = probabilities[i] * (dy[i] - mean) / parameters.temperature;
  }
}
