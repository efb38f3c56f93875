// The gradient of the token at all places that are left: the sum of the rows of dy whose index is -1. (ops/scatter-tokens.ts)
#include column-sums

struct Parameters {
  rows: u32,
  width: u32,
  chunk: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> index: array<i32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

fn term(row: u32, column: u32) -> f32 {
  return select(0.0, dy[row * parameters.width + column], index[row] < 0);
}

@compute @workgroup_size(INVOCATIONS)
fn main(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let result = sumColumnChunk(parameters.rows, parameters.width, parameters.chunk, groups, lane);
  if (result.isLeader) {
    sums[result.chunk * parameters.width + result.column] = result.sum;
  }
}
