// With d = x - target: the mean of d^2 / 2 where |d| < 1 and |d| - 1/2 elsewhere. (ops/smooth-l1.ts)
#include difference-loss
#include nan

fn loss(difference: f32) -> f32 {
  let distance = abs(difference);
  return select(distance - 0.5, 0.5 * distance * distance, distance < 1.0);
}

fn slope(difference: f32) -> f32 {
  return select(clamp(difference, -1.0, 1.0), difference, isNan(difference));
}
