// dscale = the sum over rows of dy branch keep. (ops/residual.ts)
#include column-sums
#include half

struct Parameters {
  rows: u32,
  width: u32,
  chunk: u32,
  rowsPerSample: u32,
  hasKeep: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> keep: array<f32>;
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
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;

fn term(row: u32, column: u32) -> f32 {
  let i = row * parameters.width + column;
  var kept = 1.0;
  if (parameters.hasKeep != 0) {
    kept = keep[row / parameters.rowsPerSample];
  }
  return dy[i] * branchAt(i) * kept;
}

@compute @workgroup_size(INVOCATIONS)
fn main(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let result = sumColumnChunk(parameters.rows, parameters.width, parameters.chunk, groups, lane);
  if (result.isLeader) {
    sums[result.chunk * parameters.width + result.column] = result.sum;
  }
}
