#include groups
#include lanes
#include nan
#include lowest
// Index of a row's largest value, the lowest one on ties; NaN is never chosen. Every invocation of the workgroup must take part.
var<workgroup> bestValues: array<f32, INVOCATIONS>;
var<workgroup> bestPlaces: array<u32, INVOCATIONS>;
var<workgroup> lineValues: array<f32, LINES>;
var<workgroup> linePlaces: array<u32, LINES>;

struct Candidate {
  value: f32,
  place: u32,
}

// `other` stands later or nowhere in particular: the lower place wins a tie.
fn better(one: Candidate, other: Candidate) -> Candidate {
  if (other.value > one.value || (other.value == one.value && other.place < one.place)) {
    return other;
  }
  return one;
}

// In two rounds, as in reduce.wgsl.
fn bestOverGroup(own: Candidate, lane: u32) -> Candidate {
  bestValues[lane] = own.value;
  bestPlaces[lane] = own.place;
  workgroupBarrier();
  if (lane < LINES) {
    var line = own;
    for (var i = lane + LINES; i < INVOCATIONS; i += LINES) {
      line = better(line, Candidate(bestValues[i], bestPlaces[i]));
    }
    lineValues[lane] = line.value;
    linePlaces[lane] = line.place;
  }
  workgroupBarrier();
  var best = Candidate(lineValues[0], linePlaces[0]);
  for (var i = 1u; i < LINES; i++) {
    best = better(best, Candidate(lineValues[i], linePlaces[i]));
  }
  return best;
}
