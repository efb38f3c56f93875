// y = x * scale + shift, clamped; no gradient where it was clamped. (ops/scale-shift.ts)
#include element
#include nan

struct Parameters {
  size: u32,
  scale: f32,
  shift: f32,
  low: f32,
  high: f32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let mapped = x[i] * parameters.scale + parameters.shift;
  let clamped = min(max(mapped, parameters.low), parameters.high);
  y[i] = select(clamped, mapped, isNan(mapped));
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let mapped = x[i] * parameters.scale + parameters.shift;
  let isClamped = mapped < parameters.low || mapped > parameters.high;
  dx[i] = select(dy[i] * parameters.scale, 0.0, isClamped);
}
