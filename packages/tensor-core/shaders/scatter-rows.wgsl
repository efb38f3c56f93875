// Gradients of lookups: row r of the result is the sum of the rows of dy whose id is r, in their order, so that no result
// depends on how invocations are scheduled. One workgroup for each row. (ops/embedding.ts, ops/gather-rows.ts,
// ops/relative-position-bias.ts)
#include groups
#include lanes

struct Parameters {
  rows: u32,
  width: u32,
  count: u32,
  // dy[item * itemStride + column * columnStride]
  itemStride: u32,
  columnStride: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

const WORDS = INVOCATIONS / 32;

// Which of the next items belong to this row.
var<workgroup> matches: array<atomic<u32>, WORDS>;

@compute @workgroup_size(INVOCATIONS)
fn main(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let row = groupOf(groups);
  if (row >= parameters.rows) {
    return;
  }
  // Columns beyond the workgroup's size take further rounds.
  for (var first = 0u; first < parameters.width; first += INVOCATIONS) {
    let column = first + lane;
    var sum = 0.0;
    for (var start = 0u; start < parameters.count; start += INVOCATIONS) {
      if (lane < WORDS) {
        atomicStore(&matches[lane], 0u);
      }
      workgroupBarrier();
      let item = start + lane;
      if (item < parameters.count) {
        if (ids[item] == i32(row)) {
          atomicOr(&matches[lane / 32], 1u << (lane % 32));
        }
      }
      workgroupBarrier();
      for (var word = 0u; word < WORDS; word++) {
        for (var bits = atomicLoad(&matches[word]); bits != 0; bits &= bits - 1) {
          let found = start + word * 32 + countTrailingZeros(bits);
          if (column < parameters.width) {
            sum += dy[found * parameters.itemStride + column * parameters.columnStride];
          }
        }
      }
      workgroupBarrier();
    }
    if (column < parameters.width) {
      sums[row * parameters.width + column] = sum;
    }
  }
}
