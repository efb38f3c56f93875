// Index of the largest value of each row, NaN above all else. (ops/argmax.ts)
#include argmax

struct Parameters {
  rows: u32,
  width: u32,
  first: u32,
  total: u32,
  isContinued: u32,
  hasBias: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> keys: array<u32>;
@group(0) @binding(3) var<storage, read_write> index: array<i32>;

// Columns [first, first + width) of rows that are `total` wide in all; `keys` keeps the largest so far from call to call.
@compute @workgroup_size(INVOCATIONS)
fn main(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let row = groupOf(groups);
  if (row >= parameters.rows) {
    return;
  }
  let at = row * parameters.width;
  var own = Candidate(0, parameters.total);
  for (var i = lane; i < parameters.width; i += INVOCATIONS) {
    var value = x[at + i];
    if (parameters.hasBias != 0) {
      value += bias[parameters.first + i];
    }
    own = better(own, Candidate(keyOf(value), parameters.first + i));
  }
  var best = bestOverGroup(own, lane);
  if (lane == 0) {
    if (parameters.isContinued != 0) {
      best = better(Candidate(keys[row], u32(index[row])), best);
    }
    keys[row] = best.key;
    index[row] = i32(best.place);
  }
}
