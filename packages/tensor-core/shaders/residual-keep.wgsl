// dkeep = the sum over a sample of dy branch scale. (ops/residual.ts)
#include reduce
#include half

struct Parameters {
  rows: u32,
  width: u32,
  perSample: u32,
  hasScale: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> scale: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
#if BRANCH_HALF
@group(0) @binding(2) var<storage, read> branch: array<u32>;
fn branchAt(i: u32) -> f32 {
  return halfAt(branch[i / 2], i);
}
#else
@group(0) @binding(2) var<storage, read> branch: array<f32>;
fn branchAt(i: u32) -> f32 {
  return branch[i];
}
#endif
@group(0) @binding(3) var<storage, read_write> dkeep: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn main(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let sample = groupOf(groups);
  if (sample >= parameters.rows) {
    return;
  }
  let at = sample * parameters.perSample;
  var sum = 0.0;
  for (var i = at + lane; i < at + parameters.perSample; i += INVOCATIONS) {
    var scaled = 1.0;
    if (parameters.hasScale != 0) {
      scaled = scale[i % parameters.width];
    }
    sum += dy[i] * branchAt(i) * scaled;
  }
  let total = sumOverGroup(sum, lane);
  if (lane == 0) {
    dkeep[sample] = total;
  }
}
