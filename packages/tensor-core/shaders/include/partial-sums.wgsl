#include reduce
// First half of a sum over all elements: workgroup g adds `term(i)` of every i that is g modulo their number, lane by lane,
// into partials[g]. The including shader has `term`, `partials` and a `size` among its parameters; total.wgsl adds the rest.
@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let step = groups.count.x * INVOCATIONS;
  var sum = 0.0;
  for (var i = groups.id.x * INVOCATIONS + lane; i < parameters.size; i += step) {
    sum += term(i);
  }
  let total = sumOverGroup(sum, lane);
  if (lane == 0) {
    partials[groups.id.x] = total;
  }
}
