#include groups
// One invocation for each element.
const INVOCATIONS = 256u;

fn elementOf(groups: Groups, lane: u32) -> u32 {
  return groupOf(groups) * INVOCATIONS + lane;
}
