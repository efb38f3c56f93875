// Gradient of the attention bias: dS = P (dy vᵀ - delta), summed over the samples. A workgroup has 16 queries and 16 keys of
// one head and walks over the samples. (ops/attention.ts)
#include half

struct Parameters {
  batch: u32,
  tokens: u32,
  heads: u32,
  scale: f32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
#if QKV_HALF
@group(0) @binding(0) var<storage, read> qkv: array<u32>;
fn qkvAt(i: u32) -> f32 {
  return halfAt(qkv[i / 2], i);
}
#else
@group(0) @binding(0) var<storage, read> qkv: array<f32>;
fn qkvAt(i: u32) -> f32 {
  return qkv[i];
}
#endif
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> logSumExp: array<vec2f>;
@group(0) @binding(4) var<storage, read> delta: array<f32>;
@group(0) @binding(5) var<storage, read_write> dbias: array<f32>;

const TILE = 16u;
const INVOCATIONS = TILE * TILE;
// Whole quads; widths beyond it take several rounds.
const PIECE = min(32u, (HEAD + 3u) / 4u * 4u);
// One more than a row has, or rows would start in the same banks.
const STEP = PIECE + 1u;

var<workgroup> queries: array<f32, TILE * STEP>;
var<workgroup> keys: array<f32, TILE * STEP>;
var<workgroup> gradients: array<f32, TILE * STEP>;
var<workgroup> values: array<f32, TILE * STEP>;

fn loadPiece(sample: u32, head: u32, firstQuery: u32, firstKey: u32, first: u32, lane: u32) {
  let width = parameters.heads * HEAD;
  for (var i = lane; i < TILE * PIECE; i += INVOCATIONS) {
    let channel = first + i % PIECE;
    let place = i / PIECE * STEP + i % PIECE;
    let query = sample * parameters.tokens + firstQuery + i / PIECE;
    let key = sample * parameters.tokens + firstKey + i / PIECE;
    let isInHead = channel < HEAD;
    let at = head * HEAD + channel;
    let hasQuery = isInHead && firstQuery + i / PIECE < parameters.tokens;
    let hasKey = isInHead && firstKey + i / PIECE < parameters.tokens;
    queries[place] = 0;
    gradients[place] = 0;
    keys[place] = 0;
    values[place] = 0;
    if (hasQuery) {
      queries[place] = qkvAt(query * 3 * width + at) * parameters.scale;
      gradients[place] = dy[query * width + at];
    }
    if (hasKey) {
      keys[place] = qkvAt((key * 3 + 1) * width + at);
      values[place] = qkvAt((key * 3 + 2) * width + at);
    }
  }
}

fn sumOf(values: vec4f) -> f32 {
  return values.x + values.y + values.z + values.w;
}

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let head = group.z;
  let query = group.y * TILE + lane / TILE;
  let key = group.x * TILE + lane % TILE;
  let isActive = query < parameters.tokens && key < parameters.tokens;
  let at = (head * parameters.tokens + query) * parameters.tokens + key;
  var own = 0.0;
  if (isActive) {
    own = bias[at];
  }
  var sum = 0.0;
  for (var sample = 0u; sample < parameters.batch; sample++) {
    // Summed as in attention.wgsl, so that a score is the one whose largest was saved.
    var scores = vec4f();
    var products = vec4f();
    for (var first = 0u; first < HEAD; first += PIECE) {
      workgroupBarrier();
      loadPiece(sample, head, group.y * TILE, group.x * TILE, first, lane);
      workgroupBarrier();
      for (var i = 0u; i < PIECE; i += 4) {
        let ours = lane / TILE * STEP + i;
        let theirs = lane % TILE * STEP + i;
        for (var j = 0u; j < 4; j++) {
          scores[j] = fma(queries[ours + j], keys[theirs + j], scores[j]);
          products[j] = fma(gradients[ours + j], values[theirs + j], products[j]);
        }
      }
    }
    if (isActive) {
      let row = (sample * parameters.heads + head) * parameters.tokens + query;
      let probability = exp(sumOf(scores) + own - logSumExp[row].x) * exp(-logSumExp[row].y);
      sum += probability * (sumOf(products) - delta[row]);
    }
  }
  if (isActive) {
    dbias[at] = sum;
  }
}
