// dgamma = the sum over rows of dy (x - mean) rstd. (ops/layer-norm.ts)
#include column-sums

struct Parameters {
  rows: u32,
  width: u32,
  chunk: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> rstd: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;

fn term(row: u32, column: u32) -> f32 {
  let i = row * parameters.width + column;
  return dy[i] * (x[i] - mean[row]) * rstd[row];
}

@compute @workgroup_size(INVOCATIONS)
fn main(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let result = sumColumnChunk(parameters.rows, parameters.width, parameters.chunk, groups, lane);
  if (result.isLeader) {
    sums[result.chunk * parameters.width + result.column] = result.sum;
  }
}
