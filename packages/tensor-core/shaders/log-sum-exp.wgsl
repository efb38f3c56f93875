// ln(sum(exp(x))) of each row.
#include row

struct Parameters {
  rows: u32,
  width: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

fn score(i: u32) -> f32 {
  return x[i];
}

@compute @workgroup_size(INVOCATIONS)
fn main(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let row = groupOf(groups);
  if (row >= parameters.rows) {
    return;
  }
  let at = row * parameters.width;
  let largest = largestOfRow(at, parameters.width, lane);
  let sum = sumOfExponentials(at, parameters.width, largest, lane);
  if (lane == 0) {
    y[row] = largest + log(sum);
  }
}
