// -ln(-ln u), u = (word + 1/2) / 2^32, from words of a Philox 4 x 32 stream with 10 rounds. (random.ts, ops/gumbel-noise.ts)
#include element

struct Parameters {
  size: u32,
  index: u32,
  epoch: u32,
  stream: u32,
  seedLow: u32,
  seedHigh: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read_write> noise: array<f32>;

// High and low words of a product, from halves: WGSL has no 64-bit integers.
fn multiply(a: u32, b: u32) -> vec2u {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16) * (b & 0xffffu) + (low >> 16);
  let cross = (a & 0xffffu) * (b >> 16) + (middle & 0xffffu);
  return vec2u((a >> 16) * (b >> 16) + (middle >> 16) + (cross >> 16), a * b);
}

fn philox(counter: vec4u, seed: vec2u) -> vec4u {
  var words = counter;
  var key = seed;
  for (var round = 0; round < 10; round++) {
    let one = multiply(0xd2511f53u, words.x);
    let other = multiply(0xcd9e8d57u, words.z);
    words = vec4u(other.x ^ words.y ^ key.x, other.y, one.x ^ words.w ^ key.y, one.y);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return words;
}

// u is rounded to float32 before its logarithm; near 1, where that would lose everything, ln u is taken of 1 - u.
fn gumbel(word: u32) -> f32 {
  var negativeLog = 0.0;
  if (word < 0x80000000u) {
    negativeLog = -log((f32(word) + 0.5) * 2.3283064365386963e-10);
  } else {
    negativeLog = -logOneMinus((f32(~word) + 0.5) * 2.3283064365386963e-10);
  }
  return -log(negativeLog);
}

// ln(1 - x) for x in [0, 1/2]: with 1 - x rounded to w, ln(w) x / (1 - w) is exact where ln(w) is (Kahan).
fn logOneMinus(x: f32) -> f32 {
  let w = 1.0 - x;
  if (x < 0.01) {
    return -x * (1.0 + x * (0.5 + x * (0.3333333333 + x * (0.25 + x * 0.2))));
  }
  return log(w) * (x / (1.0 - w));
}

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= (parameters.size + 3) / 4) {
    return;
  }
  let words = philox(
    vec4u(i, parameters.index, parameters.epoch, parameters.stream),
    vec2u(parameters.seedLow, parameters.seedHigh),
  );
  for (var k = 0u; k < 4u && 4 * i + k < parameters.size; k++) {
    noise[4 * i + k] = gumbel(words[k]);
  }
}
