// Rows of a table by id; an id outside the table gives NaN. (ops/embedding.ts)
#include element
#include quiet-nan

struct Parameters {
  size: u32,
  rows: u32,
  width: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> table: array<f32>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  let id = ids[i / parameters.width];
  var value = quietNan();
  if (id >= 0 && u32(id) < parameters.rows) {
    value = table[u32(id) * parameters.width + i % parameters.width];
  }
  y[i] = value;
}
