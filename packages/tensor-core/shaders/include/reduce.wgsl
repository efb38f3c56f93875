#include groups
#include lanes
// Reductions over the invocations of a workgroup. Every one must take part, and all receive the result. In two rounds, because
// barriers cost more than additions: the first LINES invocations reduce every LINES-th value, then all reduce what these have.
var<workgroup> reduced: array<f32, INVOCATIONS>;
var<workgroup> lines: array<f32, LINES>;

fn sumOverGroup(value: f32, lane: u32) -> f32 {
  reduced[lane] = value;
  workgroupBarrier();
  if (lane < LINES) {
    var line = value;
    for (var i = lane + LINES; i < INVOCATIONS; i += LINES) {
      line += reduced[i];
    }
    lines[lane] = line;
  }
  workgroupBarrier();
  var sum = lines[0];
  for (var i = 1u; i < LINES; i++) {
    sum += lines[i];
  }
  return sum;
}

fn maximumOverGroup(value: f32, lane: u32) -> f32 {
  reduced[lane] = value;
  workgroupBarrier();
  if (lane < LINES) {
    var line = value;
    for (var i = lane + LINES; i < INVOCATIONS; i += LINES) {
      line = max(line, reduced[i]);
    }
    lines[lane] = line;
  }
  workgroupBarrier();
  var largest = lines[0];
  for (var i = 1u; i < LINES; i++) {
    largest = max(largest, lines[i]);
  }
  return largest;
}
