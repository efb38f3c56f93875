// 1/2 sum(mean^2 + exp(logVariance) - logVariance - 1), averaged over the batch. (ops/kl-to-normal.ts)
#include partial-sums

struct Parameters {
  size: u32,
  factor: f32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> mean: array<f32>;
@group(0) @binding(1) var<storage, read> logVariance: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;
@group(0) @binding(2) var<storage, read> dloss: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;

fn term(i: u32) -> f32 {
  return 0.5 * (mean[i] * mean[i] + exp(logVariance[i]) - logVariance[i] - 1.0);
}

@compute @workgroup_size(INVOCATIONS)
fn meanGradient(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = groupOf(groups) * INVOCATIONS + lane;
  if (i >= parameters.size) {
    return;
  }
  gradient[i] = parameters.factor * dloss[0] * mean[i];
}

@compute @workgroup_size(INVOCATIONS)
fn logVarianceGradient(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = groupOf(groups) * INVOCATIONS + lane;
  if (i >= parameters.size) {
    return;
  }
  gradient[i] = parameters.factor * dloss[0] * 0.5 * (exp(logVariance[i]) - 1.0);
}
