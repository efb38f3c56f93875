// One AdamW update of one parameter, its moments in place. (ops/adamw.ts)
#include element

struct Parameters {
  size: u32,
  isClipped: u32,
  rate: f32,
  decay: f32,
  beta1: f32,
  beta2: f32,
  correction1: f32,
  correction2: f32,
  epsilon: f32,
  maxNorm: f32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> gradient: array<f32>;
@group(0) @binding(1) var<storage, read> norm: array<f32>;
@group(0) @binding(2) var<storage, read_write> parameter: array<f32>;
@group(0) @binding(3) var<storage, read_write> first: array<f32>;
@group(0) @binding(4) var<storage, read_write> second: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn update(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  var clip = 1.0;
  if (parameters.isClipped != 0) {
    clip = parameters.maxNorm / (norm[0] + 1e-6);
    // Written so that a NaN stays one.
    clip = select(clip, 1.0, clip > 1.0);
  }
  let value = gradient[i] * clip;
  let mean = parameters.beta1 * first[i] + (1.0 - parameters.beta1) * value;
  let square = parameters.beta2 * second[i] + (1.0 - parameters.beta2) * value * value;
  first[i] = mean;
  second[i] = square;
  let denominator = sqrt(square * parameters.correction2) + parameters.epsilon;
  let decayed = parameter[i] - parameters.rate * parameters.decay * parameter[i];
  parameter[i] = decayed - parameters.rate * mean * parameters.correction1 / denominator;
}
