// mean((x - target)^2). (ops/mean-squared-error.ts)
#include difference-loss

fn loss(difference: f32) -> f32 {
  return difference * difference;
}

// Half of it: the host's factor has the 2.
fn slope(difference: f32) -> f32 {
  return difference;
}
