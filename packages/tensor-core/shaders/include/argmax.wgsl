#include groups
#include lanes
// Index of a row's largest value, the lowest one on ties, the first NaN before all. Every invocation of the workgroup must take
// part. Values are compared by keys, which are above 0: compilers may take it that comparisons of floats meet no NaN.
var<workgroup> bestKeys: array<u32, INVOCATIONS>;
var<workgroup> bestPlaces: array<u32, INVOCATIONS>;
var<workgroup> lineKeys: array<u32, LINES>;
var<workgroup> linePlaces: array<u32, LINES>;

struct Candidate {
  key: u32,
  place: u32,
}

// In the order of the values; NaN is the largest, and zeros of either sign are one value.
fn keyOf(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) {
    return 0xffffffffu;
  }
  if ((bits & 0x7fffffffu) == 0u) {
    return 0x80000000u;
  }
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

// `other` stands later or nowhere in particular: the lower place wins a tie.
fn better(one: Candidate, other: Candidate) -> Candidate {
  if (other.key > one.key || (other.key == one.key && other.place < one.place)) {
    return other;
  }
  return one;
}

// In two rounds, as in reduce.wgsl.
fn bestOverGroup(own: Candidate, lane: u32) -> Candidate {
  bestKeys[lane] = own.key;
  bestPlaces[lane] = own.place;
  workgroupBarrier();
  if (lane < LINES) {
    var line = own;
    for (var i = lane + LINES; i < INVOCATIONS; i += LINES) {
      line = better(line, Candidate(bestKeys[i], bestPlaces[i]));
    }
    lineKeys[lane] = line.key;
    linePlaces[lane] = line.place;
  }
  workgroupBarrier();
  var best = Candidate(lineKeys[0], linePlaces[0]);
  for (var i = 1u; i < LINES; i++) {
    best = better(best, Candidate(lineKeys[i], linePlaces[i]));
  }
  return best;
}
