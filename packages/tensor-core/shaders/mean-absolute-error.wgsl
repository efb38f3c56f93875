// The mean of |x - target|. (ops/mean-absolute-error.ts)
#include difference-loss
#include nan

fn loss(difference: f32) -> f32 {
  return abs(difference);
}

fn slope(difference: f32) -> f32 {
  return select(sign(difference), difference, isNan(difference));
}
