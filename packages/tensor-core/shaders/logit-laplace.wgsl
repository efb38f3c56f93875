// |logit(x) - mu| / b + ln b + ln(2 x (1 - x)), the mean over target values x; parameters are mu, then ln b, by channels. (ops/logit-laplace.ts)
#include partial-sums

struct Parameters {
  size: u32,
  channels: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> means: array<f32>;
@group(0) @binding(1) var<storage, read> expected: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;
@group(0) @binding(2) var<storage, read> dloss: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;

fn meanOffset(i: u32) -> u32 {
  return i + i / parameters.channels * parameters.channels;
}

fn logit(x: f32) -> f32 {
  return log(x / (1.0 - x));
}

fn term(i: u32) -> f32 {
  let mu = meanOffset(i);
  let logScale = means[mu + parameters.channels];
  let x = expected[i];
  return abs(logit(x) - means[mu]) * exp(-logScale) + logScale + log(2.0 * x * (1.0 - x));
}

@compute @workgroup_size(INVOCATIONS)
fn parameterGradient(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = groupOf(groups) * INVOCATIONS + lane;
  if (i >= parameters.size) {
    return;
  }
  let mu = meanOffset(i);
  let inverseScale = exp(-means[mu + parameters.channels]);
  let distance = logit(expected[i]) - means[mu];
  let factor = dloss[0] / f32(parameters.size);
  gradient[mu] = -factor * sign(distance) * inverseScale;
  gradient[mu + parameters.channels] = factor * (1.0 - abs(distance) * inverseScale);
}

@compute @workgroup_size(INVOCATIONS)
fn targetGradient(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = groupOf(groups) * INVOCATIONS + lane;
  if (i >= parameters.size) {
    return;
  }
  let mu = meanOffset(i);
  let x = expected[i];
  let slope = sign(logit(x) - means[mu]) * exp(-means[mu + parameters.channels]);
  gradient[i] = dloss[0] / f32(parameters.size) * (slope + 1.0 - 2.0 * x) / (x * (1.0 - x));
}
