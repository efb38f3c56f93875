// Gradients of the class token, the mask token and the positions: sums over samples. (ops/assemble-tokens.ts)
#include column-sums

struct Parameters {
  rows: u32,
  width: u32,
  chunk: u32,
  count: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> mask: array<i32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

// `rows` are samples for the class token, patches for the mask token; dy has count + 1 tokens a sample.
#if MASKED
fn term(row: u32, column: u32) -> f32 {
  let token = row + row / parameters.count + 1;
  let gradient = dy[token * parameters.width + column];
  return select(0.0, gradient, mask[row] != 0);
}
#else
fn term(row: u32, column: u32) -> f32 {
  return dy[row * (parameters.count + 1) * parameters.width + column];
}
#endif

@compute @workgroup_size(INVOCATIONS)
fn main(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let result = sumColumnChunk(parameters.rows, parameters.width, parameters.chunk, groups, lane);
  if (result.isLeader) {
    sums[result.chunk * parameters.width + result.column] = result.sum;
  }
}
