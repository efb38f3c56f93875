#include reduce
// First half of a sum over all elements: workgroup g adds `term(i)` of every i that is g modulo their number, lane by lane,
// into partials[g]. The including shader has `term` and `partials`; total.wgsl adds the rest.
fn sumTerms(size: u32, groups: Groups, lane: u32) -> f32 {
  let step = groups.count.x * INVOCATIONS;
  var sum = 0.0;
  for (var i = groups.id.x * INVOCATIONS + lane; i < size; i += step) {
    sum += term(i);
  }
  return sumOverGroup(sum, lane);
}
