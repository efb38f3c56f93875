#include groups
// Reductions over the invocations of a workgroup. Every one must take part, and all receive the result.
const INVOCATIONS = 256u;

var<workgroup> reduced: array<f32, INVOCATIONS>;

fn sumOverGroup(value: f32, lane: u32) -> f32 {
  reduced[lane] = value;
  for (var count = INVOCATIONS / 2; count > 0; count /= 2) {
    workgroupBarrier();
    if (lane < count) {
      reduced[lane] += reduced[lane + count];
    }
  }
  workgroupBarrier();
  let sum = reduced[0];
  workgroupBarrier();
  return sum;
}

fn maximumOverGroup(value: f32, lane: u32) -> f32 {
  reduced[lane] = value;
  for (var count = INVOCATIONS / 2; count > 0; count /= 2) {
    workgroupBarrier();
    if (lane < count) {
      reduced[lane] = max(reduced[lane], reduced[lane + count]);
    }
  }
  workgroupBarrier();
  let largest = reduced[0];
  workgroupBarrier();
  return largest;
}
