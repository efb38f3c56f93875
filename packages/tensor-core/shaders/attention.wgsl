// Attention that stores no scores: every invocation keeps one query (or key) and walks over all keys (or queries), which the
// workgroup reads into its memory a tile at a time. HEAD is the width of a head.
// (ops/attention.ts; the online softmax: Milakov & Gimelshein 2018; going back by logSumExp: Dao et al. 2022)

#include lowest
#include half

struct Parameters {
  tokens: u32,
  heads: u32,
  hasBias: u32,
  scale: f32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;

const INVOCATIONS = 64u;
// Others in a tile: with two tiles and three numbers of each, no more than the 16 KiB that every device has.
const TILE = max(STEP, min(32u, 16384u / (QUADS * 32u + 12u) / STEP * STEP));
// Scores between two looks at the largest.
const STEP = 8u;
const QUADS = (HEAD + 3u) / 4u;

#if QKV_HALF
@group(0) @binding(0) var<storage, read> qkv: array<vec2u>;
#else
#if BY_FOUR
@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
#else
@group(0) @binding(0) var<storage, read> qkv: array<f32>;
#endif
#endif
@group(0) @binding(1) var<storage, read> bias: array<f32>;
#if FORWARD
#if Y_HALF
@group(0) @binding(2) var<storage, read_write> y: array<vec2u>;
#else
#if BY_FOUR
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
#else
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
#endif
#endif
@group(0) @binding(3) var<storage, read_write> logSumExp: array<vec2f>;
#else
#if BY_FOUR
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
#else
@group(0) @binding(2) var<storage, read> dy: array<f32>;
#endif
@group(0) @binding(3) var<storage, read> logSumExp: array<vec2f>;
// Sums of y dy over a head, by rows like logSumExp.
@group(0) @binding(4) var<storage, read> delta: array<f32>;
#if BY_FOUR
@group(0) @binding(5) var<storage, read_write> dqkv: array<vec4f>;
#else
@group(0) @binding(5) var<storage, read_write> dqkv: array<f32>;
#endif
#endif

const QUERY = 0u;
const KEY = 1u;
const VALUE = 2u;

struct Head {
  sample: u32,
  head: u32,
}

// Offset of a head of a token in qkv, where `part` is QUERY, KEY or VALUE, and in y.
fn partOffset(at: Head, token: u32, part: u32) -> u32 {
  let width = parameters.heads * HEAD;
  return ((at.sample * parameters.tokens + token) * 3 + part) * width + at.head * HEAD;
}

fn headOffset(at: Head, token: u32) -> u32 {
  return ((at.sample * parameters.tokens + token) * parameters.heads + at.head) * HEAD;
}

fn rowOf(at: Head, token: u32) -> u32 {
  return (at.sample * parameters.heads + at.head) * parameters.tokens + token;
}

fn biasOf(at: Head, query: u32, key: u32) -> f32 {
  if (parameters.hasBias == 0) {
    return 0;
  }
  return bias[(at.head * parameters.tokens + query) * parameters.tokens + key];
}

fn loadPart(at: Head, token: u32, part: u32, quad: u32) -> vec4f {
  let first = partOffset(at, token, part) + quad * 4;
#if QKV_HALF
  return ofHalves(qkv[first / 4]);
#else
#if BY_FOUR
  return qkv[first / 4];
#else
  var values = vec4f();
  for (var i = 0u; i < min(4, HEAD - quad * 4); i++) {
    values[i] = qkv[first + i];
  }
  return values;
#endif
#endif
}

var<workgroup> ones: array<vec4f, TILE * QUADS>;
var<workgroup> others: array<vec4f, TILE * QUADS>;

#if FORWARD
fn storeOutput(at: Head, token: u32, quad: u32, values: vec4f) {
  let first = headOffset(at, token) + quad * 4;
#if Y_HALF
  y[first / 4] = toHalves(values);
#else
#if BY_FOUR
  y[first / 4] = values;
#else
  for (var i = 0u; i < min(4, HEAD - quad * 4); i++) {
    y[first + i] = values[i];
  }
#endif
#endif
}

fn loadKeysAndValues(at: Head, start: u32, lane: u32) {
  for (var i = lane; i < TILE * QUADS; i += INVOCATIONS) {
    let token = start + i / QUADS;
    if (token < parameters.tokens) {
      ones[i] = loadPart(at, token, KEY, i % QUADS);
      others[i] = loadPart(at, token, VALUE, i % QUADS);
    }
  }
}

@compute @workgroup_size(INVOCATIONS)
fn forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = Head(group.z, group.y);
  let token = group.x * INVOCATIONS + lane;
  let isActive = token < parameters.tokens;
  var query: array<vec4f, QUADS>;
  var sums: array<vec4f, QUADS>;
  if (isActive) {
    for (var quad = 0u; quad < QUADS; quad++) {
      query[quad] = loadPart(at, token, QUERY, quad) * parameters.scale;
    }
  }
  var largest = LOWEST;
  var total = 0.0;
  for (var start = 0u; start < parameters.tokens; start += TILE) {
    workgroupBarrier();
    loadKeysAndValues(at, start, lane);
    workgroupBarrier();
    let count = min(TILE, parameters.tokens - start);
    for (var first = 0u; isActive && first < count; first += STEP) {
      var scores: array<f32, STEP>;
      var bound = largest;
      for (var j = 0u; j < STEP; j++) {
        var score = LOWEST;
        if (first + j < count) {
          var products = vec4f();
          for (var quad = 0u; quad < QUADS; quad++) {
            products = fma(query[quad], ones[(first + j) * QUADS + quad], products);
          }
          score = products.x + products.y + products.z + products.w + biasOf(at, token, start + first + j);
        }
        scores[j] = score;
        bound = max(bound, score);
      }
      let shrink = exp(largest - bound);
      total *= shrink;
      for (var quad = 0u; quad < QUADS; quad++) {
        sums[quad] *= shrink;
      }
      for (var j = 0u; j < STEP; j++) {
        if (first + j < count) {
          let weight = exp(scores[j] - bound);
          total += weight;
          for (var quad = 0u; quad < QUADS; quad++) {
            sums[quad] = fma(vec4f(weight), others[(first + j) * QUADS + quad], sums[quad]);
          }
        }
      }
      largest = bound;
    }
  }
  if (isActive) {
    for (var quad = 0u; quad < QUADS; quad++) {
      storeOutput(at, token, quad, sums[quad] / total);
    }
    logSumExp[rowOf(at, token)] = vec2f(largest, log(total));
  }
}
#else
fn loadGradient(at: Head, token: u32, quad: u32) -> vec4f {
  let first = headOffset(at, token) + quad * 4;
#if BY_FOUR
  return dy[first / 4];
#else
  var values = vec4f();
  for (var i = 0u; i < min(4, HEAD - quad * 4); i++) {
    values[i] = dy[first + i];
  }
  return values;
#endif
}

fn storePart(at: Head, token: u32, part: u32, quad: u32, values: vec4f) {
  let first = partOffset(at, token, part) + quad * 4;
#if BY_FOUR
  dqkv[first / 4] = values;
#else
  for (var i = 0u; i < min(4, HEAD - quad * 4); i++) {
    dqkv[first + i] = values[i];
  }
#endif
}

fn sumOf(values: vec4f) -> f32 {
  return values.x + values.y + values.z + values.w;
}

// With P the probabilities and dS = P (dy vᵀ - delta): dq = dS k scale. P is exp(score - largest) times the probability of the
// largest: a factor, because a compiler may make one number of two that are subtracted, which has fewer digits.
@compute @workgroup_size(INVOCATIONS)
fn queryGradient(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = Head(group.z, group.y);
  let token = group.x * INVOCATIONS + lane;
  let isActive = token < parameters.tokens;
  var query: array<vec4f, QUADS>;
  var gradient: array<vec4f, QUADS>;
  var sums: array<vec4f, QUADS>;
  var largest = 0.0;
  var share = 0.0;
  var offset = 0.0;
  if (isActive) {
    for (var quad = 0u; quad < QUADS; quad++) {
      query[quad] = loadPart(at, token, QUERY, quad) * parameters.scale;
      gradient[quad] = loadGradient(at, token, quad);
    }
    largest = logSumExp[rowOf(at, token)].x;
    share = exp(-logSumExp[rowOf(at, token)].y);
    offset = delta[rowOf(at, token)];
  }
  for (var start = 0u; start < parameters.tokens; start += TILE) {
    workgroupBarrier();
    for (var i = lane; i < TILE * QUADS; i += INVOCATIONS) {
      let key = start + i / QUADS;
      if (key < parameters.tokens) {
        ones[i] = loadPart(at, key, KEY, i % QUADS);
        others[i] = loadPart(at, key, VALUE, i % QUADS);
      }
    }
    workgroupBarrier();
    for (var j = 0u; isActive && j < min(TILE, parameters.tokens - start); j++) {
      var scores = vec4f();
      var products = vec4f();
      for (var quad = 0u; quad < QUADS; quad++) {
        scores = fma(query[quad], ones[j * QUADS + quad], scores);
        products = fma(gradient[quad], others[j * QUADS + quad], products);
      }
      let probability = exp(sumOf(scores) + biasOf(at, token, start + j) - largest) * share;
      let change = probability * (sumOf(products) - offset) * parameters.scale;
      for (var quad = 0u; quad < QUADS; quad++) {
        sums[quad] = fma(vec4f(change), ones[j * QUADS + quad], sums[quad]);
      }
    }
  }
  if (isActive) {
    for (var quad = 0u; quad < QUADS; quad++) {
      storePart(at, token, QUERY, quad, sums[quad]);
    }
  }
}

// The tile's queries: their largest scores, the probability of these, and delta.
var<workgroup> bounds: array<f32, TILE>;
var<workgroup> shares: array<f32, TILE>;
var<workgroup> offsets: array<f32, TILE>;

fn loadQueriesAndGradients(at: Head, start: u32, lane: u32) {
  for (var i = lane; i < TILE * QUADS; i += INVOCATIONS) {
    let query = start + i / QUADS;
    if (query < parameters.tokens) {
      ones[i] = loadPart(at, query, QUERY, i % QUADS) * parameters.scale;
      others[i] = loadGradient(at, query, i % QUADS);
    }
  }
  if (lane < TILE && start + lane < parameters.tokens) {
    bounds[lane] = logSumExp[rowOf(at, start + lane)].x;
    shares[lane] = exp(-logSumExp[rowOf(at, start + lane)].y);
    offsets[lane] = delta[rowOf(at, start + lane)];
  }
}

// dv = Pᵀ dy. Apart from dk, so that neither needs more registers than there are.
@compute @workgroup_size(INVOCATIONS)
fn valueGradient(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = Head(group.z, group.y);
  let token = group.x * INVOCATIONS + lane;
  let isActive = token < parameters.tokens;
  var key: array<vec4f, QUADS>;
  var sums: array<vec4f, QUADS>;
  if (isActive) {
    for (var quad = 0u; quad < QUADS; quad++) {
      key[quad] = loadPart(at, token, KEY, quad);
    }
  }
  for (var start = 0u; start < parameters.tokens; start += TILE) {
    workgroupBarrier();
    loadQueriesAndGradients(at, start, lane);
    workgroupBarrier();
    for (var j = 0u; isActive && j < min(TILE, parameters.tokens - start); j++) {
      var scores = vec4f();
      for (var quad = 0u; quad < QUADS; quad++) {
        scores = fma(ones[j * QUADS + quad], key[quad], scores);
      }
      let probability = exp(sumOf(scores) + biasOf(at, start + j, token) - bounds[j]) * shares[j];
      for (var quad = 0u; quad < QUADS; quad++) {
        sums[quad] = fma(vec4f(probability), others[j * QUADS + quad], sums[quad]);
      }
    }
  }
  if (isActive) {
    for (var quad = 0u; quad < QUADS; quad++) {
      storePart(at, token, VALUE, quad, sums[quad]);
    }
  }
}

// dk = dSᵀ q scale.
@compute @workgroup_size(INVOCATIONS)
fn keyGradient(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = Head(group.z, group.y);
  let token = group.x * INVOCATIONS + lane;
  let isActive = token < parameters.tokens;
  var key: array<vec4f, QUADS>;
  var value: array<vec4f, QUADS>;
  var sums: array<vec4f, QUADS>;
  if (isActive) {
    for (var quad = 0u; quad < QUADS; quad++) {
      key[quad] = loadPart(at, token, KEY, quad);
      value[quad] = loadPart(at, token, VALUE, quad);
    }
  }
  for (var start = 0u; start < parameters.tokens; start += TILE) {
    workgroupBarrier();
    loadQueriesAndGradients(at, start, lane);
    workgroupBarrier();
    for (var j = 0u; isActive && j < min(TILE, parameters.tokens - start); j++) {
      var scores = vec4f();
      var products = vec4f();
      for (var quad = 0u; quad < QUADS; quad++) {
        scores = fma(ones[j * QUADS + quad], key[quad], scores);
        products = fma(others[j * QUADS + quad], value[quad], products);
      }
      let probability = exp(sumOf(scores) + biasOf(at, start + j, token) - bounds[j]) * shares[j];
      let change = probability * (sumOf(products) - offsets[j]);
      for (var quad = 0u; quad < QUADS; quad++) {
        sums[quad] = fma(vec4f(change), ones[j * QUADS + quad], sums[quad]);
      }
    }
  }
  if (isActive) {
    for (var quad = 0u; quad < QUADS; quad++) {
      storePart(at, token, KEY, quad, sums[quad]);
    }
  }
}
#endif
