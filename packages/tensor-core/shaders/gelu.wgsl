// y = x P(x), and dx = dy (P(x) + x p(x)) with p the normal density. (ops/gelu.ts)
#include element
#include normal-cdf
#include half

struct Parameters {
  size: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
#if X_HALF
@group(0) @binding(0) var<storage, read> x: array<u32>;
fn xAt(i: u32) -> f32 {
  return halfAt(x[i / 2], i);
}
#else
@group(0) @binding(0) var<storage, read> x: array<f32>;
fn xAt(i: u32) -> f32 {
  return x[i];
}
#endif
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let value = xAt(i);
  y[i] = value * normalCdf(value, exp(-0.5 * value * value));
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let value = xAt(i);
  let bell = exp(-0.5 * value * value);
  dx[i] = dy[i] * (normalCdf(value, bell) + value * bell * 0.3989422804);
}
