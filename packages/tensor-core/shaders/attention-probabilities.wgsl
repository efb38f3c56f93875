// Attention probabilities for looking at them: one workgroup for each sample, head and query. (ops/attention.ts)
#include reduce
#include lowest

struct Parameters {
  rows: u32,
  tokens: u32,
  heads: u32,
  headWidth: u32,
  hasBias: u32,
  scale: f32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn main(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let row = groupOf(groups);
  if (row >= parameters.rows) {
    return;
  }
  let tokens = parameters.tokens;
  let width = parameters.heads * parameters.headWidth;
  let head = row / tokens % parameters.heads;
  let sample = row / tokens / parameters.heads;
  let query = (sample * tokens + row % tokens) * 3 * width + head * parameters.headWidth;
  var largest = LOWEST;
  for (var m = lane; m < tokens; m += INVOCATIONS) {
    let key = ((sample * tokens + m) * 3 + 1) * width + head * parameters.headWidth;
    var score = 0.0;
    for (var k = 0u; k < parameters.headWidth; k++) {
      score += qkv[query + k] * qkv[key + k];
    }
    score *= parameters.scale;
    if (parameters.hasBias != 0) {
      score += bias[(head * tokens + row % tokens) * tokens + m];
    }
    y[row * tokens + m] = score;
    largest = max(largest, score);
  }
  let bound = maximumOverGroup(largest, lane);
  var sum = 0.0;
  for (var m = lane; m < tokens; m += INVOCATIONS) {
    sum += exp(y[row * tokens + m] - bound);
  }
  let total = sumOverGroup(sum, lane);
  for (var m = lane; m < tokens; m += INVOCATIONS) {
    y[row * tokens + m] = exp(y[row * tokens + m] - bound) / total;
  }
}
