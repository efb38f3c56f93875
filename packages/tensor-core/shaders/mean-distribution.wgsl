// The mean over rows of softmax(logits), by columns: sums of exp(logits - logSumExp). (ops/kl-of-mean-to-uniform.ts)
#include column-sums

struct Parameters {
  rows: u32,
  width: u32,
  chunk: u32,
  count: f32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> logSumExp: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

fn term(row: u32, column: u32) -> f32 {
  return exp(logits[row * parameters.width + column] - logSumExp[row]) / parameters.count;
}

@compute @workgroup_size(INVOCATIONS)
fn main(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let result = sumColumnChunk(parameters.rows, parameters.width, parameters.chunk, groups, lane);
  if (result.isLeader) {
    sums[result.chunk * parameters.width + result.column] = result.sum;
  }
}
