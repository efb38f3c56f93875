// Sums of y dy over each head of each token, [batch, heads, tokens]. (ops/attention.ts)
#include element
#include half

struct Parameters {
  size: u32,
  tokens: u32,
  heads: u32,
  headWidth: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
#if Y_HALF
@group(0) @binding(0) var<storage, read> y: array<u32>;
fn yAt(i: u32) -> f32 {
  return halfAt(y[i / 2], i);
}
#else
@group(0) @binding(0) var<storage, read> y: array<f32>;
fn yAt(i: u32) -> f32 {
  return y[i];
}
#endif
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> delta: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn main(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let head = i / parameters.tokens % parameters.heads;
  let sample = i / parameters.tokens / parameters.heads;
  let first = ((sample * parameters.tokens + i % parameters.tokens) * parameters.heads + head) * parameters.headWidth;
  var sum = 0.0;
  for (var k = first; k < first + parameters.headWidth; k++) {
    sum += yAt(k) * dy[k];
  }
  delta[i] = sum;
}
