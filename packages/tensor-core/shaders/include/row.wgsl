#include reduce
#include lowest
// One workgroup for each row.
fn largestOfRow(at: u32, width: u32, lane: u32) -> f32 {
  var largest = LOWEST;
  for (var i = lane; i < width; i += INVOCATIONS) {
    largest = max(largest, score(at + i));
  }
  return maximumOverGroup(largest, lane);
}

fn sumOfExponentials(at: u32, width: u32, largest: f32, lane: u32) -> f32 {
  var sum = 0.0;
  for (var i = lane; i < width; i += INVOCATIONS) {
    sum += exp(score(at + i) - largest);
  }
  return sumOverGroup(sum, lane);
}

