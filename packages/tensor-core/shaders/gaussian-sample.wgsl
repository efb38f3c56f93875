// z = mean + exp(logVariance / 2) * noise. (ops/gaussian-sample.ts)
#include element

struct Parameters {
  size: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> logVariance: array<f32>;
@group(0) @binding(1) var<storage, read> noise: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<f32>;
@group(0) @binding(2) var<storage, read> dz: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  z[i] = mean[i] + exp(0.5 * logVariance[i]) * noise[i];
}

@compute @workgroup_size(INVOCATIONS)
fn noiseGradient(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  gradient[i] = dz[i] * exp(0.5 * logVariance[i]);
}

@compute @workgroup_size(INVOCATIONS)
fn logVarianceGradient(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  gradient[i] = 0.5 * dz[i] * exp(0.5 * logVariance[i]) * noise[i];
}
