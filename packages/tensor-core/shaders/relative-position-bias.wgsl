// y[head][pair] = table[index[pair]][head]. (ops/relative-position-bias.ts)
#include element

struct Parameters {
  size: u32,
  pairs: u32,
  heads: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> table: array<f32>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  y[i] = table[u32(index[i % parameters.pairs]) * parameters.heads + i / parameters.pairs];
}
