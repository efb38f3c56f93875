#include groups
#include nan
#include lowest
// Index of a row's largest value, the lowest one on ties; NaN is never chosen. Every invocation of the workgroup must take part.
const INVOCATIONS = 256u;

var<workgroup> bestValues: array<f32, INVOCATIONS>;
var<workgroup> bestPlaces: array<u32, INVOCATIONS>;

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

fn bestOverGroup(own: Candidate, lane: u32) -> Candidate {
  bestValues[lane] = own.value;
  bestPlaces[lane] = own.place;
  for (var count = INVOCATIONS / 2; count > 0; count /= 2) {
    workgroupBarrier();
    if (lane < count) {
      let best = better(
        Candidate(bestValues[lane], bestPlaces[lane]),
        Candidate(bestValues[lane + count], bestPlaces[lane + count]),
      );
      bestValues[lane] = best.value;
      bestPlaces[lane] = best.place;
    }
  }
  workgroupBarrier();
  let best = Candidate(bestValues[0], bestPlaces[0]);
  workgroupBarrier();
  return best;
}
