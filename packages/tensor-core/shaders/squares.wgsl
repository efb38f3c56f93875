// The root of a sum of squares, where squares may overflow or vanish in float32: very large and very small values are scaled by
// a power of two and summed apart. (ops/global-norm.ts; Blue 1978)
#include reduce
#include nan

struct Parameters {
  size: u32,
  // Of this tensor's partial sums; all tensors' are `total`, of three kinds.
  first: u32,
  total: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

const LARGE = 0x1p60;
const SMALL = 0x1p-60;
// By ldexp, not by factors: WGSL lets compilers regroup products, and two factors made one are 0 or infinite.
const SHIFT = 90;

@compute @workgroup_size(INVOCATIONS)
fn partials(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let step = groups.count.x * INVOCATIONS;
  var large = 0.0;
  var middle = 0.0;
  var small = 0.0;
  for (var i = groups.id.x * INVOCATIONS + lane; i < parameters.size; i += step) {
    let value = x[i];
    if (abs(value) > LARGE) {
      let scaled = ldexp(value, -SHIFT);
      large += scaled * scaled;
    } else if (abs(value) < SMALL) {
      let scaled = ldexp(value, SHIFT);
      small += scaled * scaled;
    } else {
      middle += value * value;
    }
  }
  let largeSum = sumOverGroup(large, lane);
  let middleSum = sumOverGroup(middle, lane);
  let smallSum = sumOverGroup(small, lane);
  if (lane == 0) {
    let at = parameters.first + groups.id.x;
    sums[at] = largeSum;
    sums[at + parameters.total] = middleSum;
    sums[at + 2 * parameters.total] = smallSum;
  }
}

fn sumOfKind(kind: u32, lane: u32) -> f32 {
  var sum = 0.0;
  for (var i = lane; i < parameters.size; i += INVOCATIONS) {
    sum += x[kind * parameters.size + i];
  }
  return sumOverGroup(sum, lane);
}

@compute @workgroup_size(INVOCATIONS)
fn root(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let large = sumOfKind(0, lane);
  let middle = sumOfKind(1, lane);
  let small = sumOfKind(2, lane);
  if (lane == 0) {
    var result = sqrt(middle + ldexp(ldexp(small, -SHIFT), -SHIFT));
    if (large > 0.0 || isNan(large)) {
      result = ldexp(sqrt(large + ldexp(ldexp(middle, -SHIFT), -SHIFT)), SHIFT);
    } else if (middle < 0x1p-100) {
      result = ldexp(sqrt(small + ldexp(ldexp(middle, SHIFT), SHIFT)), -SHIFT);
    }
    sums[0] = result;
  }
}
