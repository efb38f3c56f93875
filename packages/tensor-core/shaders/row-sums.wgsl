// Sums over the rows of a matrix: gradients of biases, and the second half of every sum over rows.
#include column-sums

struct Parameters {
  rows: u32,
  width: u32,
  chunk: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

fn term(row: u32, column: u32) -> f32 {
  return source[row * parameters.width + column];
}

@compute @workgroup_size(INVOCATIONS)
fn main(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let result = sumColumnChunk(parameters.rows, parameters.width, parameters.chunk, groups, lane);
  if (result.isLeader) {
    sums[result.chunk * parameters.width + result.column] = result.sum;
  }
}
