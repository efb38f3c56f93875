#include groups
// Sums over the rows of a matrix, for 32 columns and `chunk` rows in each workgroup: 8 lanes share a column. The including
// shader has `term(row, column)`.
const COLUMNS = 32u;
const LANES = 8u;
const INVOCATIONS = COLUMNS * LANES;

var<workgroup> columnSums: array<f32, INVOCATIONS>;

struct ColumnChunk {
  column: u32,
  chunk: u32,
  sum: f32,
  isLeader: bool,
}

fn sumColumnChunk(rows: u32, width: u32, chunk: u32, groups: Groups, lane: u32) -> ColumnChunk {
  let tiles = (width + COLUMNS - 1) / COLUMNS;
  let group = groupOf(groups);
  let column = group % tiles * COLUMNS + lane % COLUMNS;
  let first = group / tiles * chunk;
  var sum = 0.0;
  if (column < width) {
    for (var row = first + lane / COLUMNS; row < min(first + chunk, rows); row += LANES) {
      sum += term(row, column);
    }
  }
  columnSums[lane] = sum;
  workgroupBarrier();
  let isLeader = lane < COLUMNS && column < width && first < rows;
  if (isLeader) {
    for (var other = 1u; other < LANES; other++) {
      sum += columnSums[lane + other * COLUMNS];
    }
  }
  return ColumnChunk(column, group / tiles, sum, isLeader);
}
